import { TaskAborted, type TaskContext } from '../../../declare/task-context.js';
import { AsyncTaskContext } from '../../handler/context/current-task.js';
import { TaskSignals } from '../../handler/context/task-signals.js';
import { remoteLog } from '../log-line.js';
import type { FromHost, HostedLease, ToHost } from '../pool-messages.js';

type Send = (message: FromHost) => void;

/** One task where its handler runs: the context that it is given, made of messages. */
export class HostedTask {
  readonly context: TaskContext;
  readonly #send: Send;
  readonly #signals = new TaskSignals();
  readonly #inContext: AsyncTaskContext;
  readonly #beats = new Map<number, (gone: boolean) => void>();
  #lastBeat = 0;
  #closed = false;

  constructor({ handler, text, token, activityArn, workerName, receivedAt }: HostedLease, send: Send) {
    this.#send = send;
    this.context = {
      signal: this.#signals.signal,
      shuttingDown: this.#signals.shuttingDown,
      heartbeat: () => {
        const beat = this.#heartbeat();
        // Whoever does not await it learns of gone from the signal.
        beat.catch(() => {});
        return beat;
      },
      progress: (fraction, message) => {
        if (!this.#closed)
          send({ kind: 'progress', fraction: onlyA('number', fraction), message: onlyA('string', message) });
      },
      log: remoteLog((line) => send(this.#closed ? { kind: 'stray', line, token } : { kind: 'log', line })),
      ...{ handler, activityArn, workerName, token },
      rawInput: text,
      receivedAt: new Date(receivedAt),
    };
    this.#inContext = new AsyncTaskContext(this.context);
  }

  /** The worker tells something about it. */
  take(message: Extract<ToHost, { kind: 'abort' | 'drain' | 'beaten' }>): void {
    if (message.kind === 'beaten') this.#beaten(message);
    else if (message.kind === 'drain') this.#inContext.run(() => this.#signals.drain());
    else this.#inContext.run(() => this.#signals.abort(message.reason, message.message));
  }

  /** Its handler has settled. What that left running belongs to no task. */
  close(): void {
    this.#closed = true;
    this.#inContext.close();
    for (const answer of this.#beats.values()) answer(false);
  }

  async #heartbeat(): Promise<void> {
    if (this.#closed) return;
    const beat = ++this.#lastBeat;
    const gone = await new Promise<boolean>((resolve) => {
      this.#beats.set(beat, resolve);
      this.#send({ kind: 'beat', beat });
    });
    if (gone) throw this.#signals.aborted ?? new TaskAborted('gone', 'the service no longer wants this task');
  }

  #beaten({ beat, gone }: Extract<ToHost, { kind: 'beaten' }>): void {
    this.#beats.get(beat)?.(gone);
    this.#beats.delete(beat);
  }
}

/** What somebody passes against its type might not be copied to another thread, and is no progress anyway. */
const onlyA = <T>(type: 'number' | 'string', value: T): T | undefined =>
  typeof value === type ? value : undefined;
