import { TaskAborted, type TaskContext } from '../../../declare/task-context.js';
import { AsyncTaskContext } from '../../handler/context/current-task.js';
import { TaskSignals } from '../../handler/context/task-signals.js';
import { remoteLog } from '../log-line.js';
import type { FromHost, HostedLease, ToHost } from '../pool-messages.js';

type Send = (message: FromHost) => void;

/** A task in the thread or process that its handler runs in: its context, whose calls are messages to the worker. */
export class HostedTask {
  readonly context: TaskContext;
  readonly #send: Send;
  readonly #signals = new TaskSignals();
  readonly #inContext: AsyncTaskContext;
  /** The callbacks of heartbeats that wait for their answer, by id. */
  readonly #heartbeats = new Map<number, (gone: boolean) => void>();
  #lastId = 0;
  #closed = false;

  constructor({ handler, text, token, activityArn, workerName, receivedAt }: HostedLease, send: Send) {
    this.#send = send;
    this.context = {
      signal: this.#signals.signal,
      shuttingDown: this.#signals.shuttingDown,
      heartbeat: () => {
        const heartbeat = this.#heartbeat();
        // A handler that does not await it learns of gone from the signal.
        heartbeat.catch(() => {});
        return heartbeat;
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

  onMessage(message: Extract<ToHost, { kind: 'abort' | 'drain' | 'heartbeat-answer' }>): void {
    if (message.kind === 'heartbeat-answer') this.#onAnswer(message);
    else if (message.kind === 'drain') this.#inContext.run(() => this.#signals.drain());
    else this.#inContext.run(() => this.#signals.abort(message.reason, message.message));
  }

  /** Ends the task: its handler has settled, and what that left running belongs to no task. */
  close(): void {
    this.#closed = true;
    this.#inContext.close();
    for (const answer of this.#heartbeats.values()) answer(false);
  }

  async #heartbeat(): Promise<void> {
    if (this.#closed) return;
    const id = ++this.#lastId;
    const gone = await new Promise<boolean>((resolve) => {
      this.#heartbeats.set(id, resolve);
      this.#send({ kind: 'heartbeat', id });
    });
    if (gone) throw this.#signals.aborted ?? new TaskAborted('gone', 'the service no longer wants this task');
  }

  #onAnswer({ id, gone }: Extract<ToHost, { kind: 'heartbeat-answer' }>): void {
    this.#heartbeats.get(id)?.(gone);
    this.#heartbeats.delete(id);
  }
}

/** Returns only a value of the type: any other is no progress, and might not be cloneable. */
const onlyA = <T>(type: 'number' | 'string', value: T): T | undefined =>
  typeof value === type ? value : undefined;
