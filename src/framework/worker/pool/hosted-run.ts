import type { Clock } from '../../base/time/clock.js';
import { deferred } from '../../base/time/wait.js';
import { ABANDON_MS, type TaskAborted, type TaskContext } from '../../declare/task-context.js';
import { ownFailure, shutdownFailure } from '../handler/outcome/failure.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import { endData } from './groups.js';
import type { Host, HostEnd } from './host.js';
import { writeLine } from './log-line.js';
import type { FromTask } from './pool-messages.js';
import { type Member, type MemberRun, showEnd } from './pool.js';

/**
 * One task in a thread or a process: its signals go in; its heartbeats, progress, lines and outcome come out. It ends
 * when nothing of it is left there, when that ends, or 5 s after its signal aborted, whatever it does. Never rejects.
 */
export class HostedRun implements MemberRun {
  readonly #member: Member;
  readonly #context: TaskContext;
  readonly #clock: Clock;
  readonly #onOutcome: (outcome: Outcome) => void;
  readonly #ended = deferred<boolean>();
  #hasOutcome = false;

  constructor(member: Member, context: TaskContext, clock: Clock, onOutcome: (outcome: Outcome) => void) {
    this.#member = member;
    this.#context = context;
    this.#clock = clock;
    this.#onOutcome = onOutcome;
  }

  /** Resolves when the task has ended: to true where its thread or process can take another. */
  async run(text: string): Promise<boolean> {
    const { host } = this.#member;
    const { signal, shuttingDown, handler, token, activityArn, workerName, receivedAt } = this.#context;
    const over = new AbortController();
    const once = { once: true, signal: over.signal };
    this.#member.run = this;
    this.#member.tasks++;
    if (this.#member.end) this.hostEnded(this.#member.end);
    host.send({
      ...{ kind: 'task', handler, text, token, activityArn, workerName },
      receivedAt: receivedAt.getTime(),
    });
    if (shuttingDown.aborted) host.send({ kind: 'drain' });
    else shuttingDown.addEventListener('abort', () => host.send({ kind: 'drain' }), once);
    if (signal.aborted) this.#abort(over.signal);
    else signal.addEventListener('abort', () => this.#abort(over.signal), once);
    try {
      return await this.#ended.promise;
    } finally {
      this.#member.run = undefined;
      over.abort();
    }
  }

  take(message: FromTask): void {
    if (message.kind === 'outcome') this.#decide(message.outcome);
    else if (message.kind === 'settled') {
      this.#member.memoryMb = message.memoryMb;
      this.#finish(NO_OUTCOME, true);
    } else if (message.kind === 'beat') void this.#beat(message.beat);
    else if (message.kind === 'progress') this.#context.progress(message.fraction, message.message);
    else writeLine(this.#context.log, message.line);
  }

  hostEnded(end: HostEnd): void {
    this.#finish(crashFailure(this.#member.host.kind, end), false);
  }

  async #beat(beat: number): Promise<void> {
    const gone = await this.#context.heartbeat().then(
      () => false,
      () => true,
    );
    // Another task may be at work there by now, and counts its beats anew.
    if (this.#member.run === this) this.#member.host.send({ kind: 'beaten', beat, gone });
  }

  #abort(over: AbortSignal): void {
    const { kind, message } = this.#context.signal.reason as TaskAborted;
    this.#member.host.send({ kind: 'abort', reason: kind, message });
    void this.#clock.sleep(ABANDON_MS, over).then(() => {
      if (!over.aborted) this.#abandon();
    });
  }

  #abandon(): void {
    const { kind } = this.#member.host;
    this.#context.log.warn(
      `the handler did not end within ${ABANDON_MS / 1000} s of its signal: its ${kind} is ended, and its finally blocks do not run`,
    );
    this.#finish(
      shutdownFailure(
        `the worker stopped, and the handler did not end when its signal aborted: its ${kind} is ended`,
      ),
      false,
    );
  }

  /** @param otherwise the outcome of a task that sent none */
  #finish(otherwise: Outcome, reusable: boolean): void {
    this.#decide(otherwise);
    this.#ended.resolve(reusable);
  }

  #decide(outcome: Outcome): void {
    if (this.#hasOutcome) return;
    this.#hasOutcome = true;
    this.#onOutcome(outcome);
  }
}

/** What is told of a task whose thread or process came to its end. */
function crashFailure(kind: Host['kind'], end: HostEnd): Outcome {
  const { error } = end;
  const message = `the handler's ${kind} came to its end while it ran: ${showEnd(end)}`;
  const data = { ...endData(end), ...(error && { error: `${error.name}: ${error.message}` }) };
  return ownFailure(OWN_ERROR.handlerCrashed, message, data);
}

const NO_OUTCOME = ownFailure(OWN_ERROR.handlerCrashed, 'the handler settled without an outcome');
