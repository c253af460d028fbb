import type { Clock } from '../../../base/time/clock.js';
import type { Logger } from '../../../base/log/log.js';
import type { HandlerEnd } from '../../handler/outcome/outcome.js';
import { remoteLog } from '../log-line.js';
import type { HostOptions, ToHost } from '../pool-messages.js';
import type { Channel } from './channel.js';
import type { HostedHandlers } from './hosted-handlers.js';
import { HostedTask, type TaskOutput } from './hosted-task.js';
import { LogBudget } from './log-budget.js';

/** Everything outside of a thread or process of a pool that its code uses, so that tests can replace it. */
export interface TaskRunnerWorld {
  readonly clock: Clock;
  /** Sends a message to the worker. */
  readonly send: Channel['send'];
  /** Loads the handlers of a config. */
  readonly load: (options: HostOptions) => Promise<HostedHandlers>;
  /** Returns the megabytes that this thread or process uses. */
  readonly memoryMb: () => number;
  /** Ends this thread or process. */
  readonly exit: () => void;
}

/** Runs one task after another in a thread or a process of a pool, as the worker sends them. */
export class TaskRunner {
  /** Writes to the worker's log, for lines of which it isn't known which task they belong to. */
  readonly log: Logger;
  readonly #world: TaskRunnerWorld;
  readonly #lines: LogBudget;
  readonly #output: TaskOutput;
  #handlers: HostedHandlers | undefined;
  #current: HostedTask | undefined;
  #measures = false;

  constructor(world: TaskRunnerWorld) {
    const { clock, send } = world;
    this.#world = world;
    const lines = new LogBudget(send, clock);
    this.#lines = lines;
    this.#output = { clock, send, sendLine: (message) => lines.send(message) };
    this.log = remoteLog((line) => lines.send({ kind: 'stray', line, token: undefined }));
  }

  /** Handles a message from the worker. */
  take(message: ToHost): void {
    if (message.kind === 'start') void this.#start(message);
    else if (message.kind === 'task') void this.#work(message);
    else if (message.kind === 'close') void this.#close();
    else if (message.kind === 'lines-written') this.#lines.add(message.characters);
    else this.#current?.onMessage(message);
  }

  async #start({ options, measures }: Extract<ToHost, { kind: 'start' }>): Promise<void> {
    const { load, send } = this.#world;
    this.#measures = measures;
    try {
      this.#handlers = await load(options);
      send({ kind: 'ready' });
    } catch (error) {
      send({ kind: 'not-started', message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #work(lease: Extract<ToHost, { kind: 'task' }>): Promise<void> {
    if (!this.#handlers) throw new Error('a task came before the start');
    const { send, memoryMb } = this.#world;
    const { handle, settlesAtOnce, checkpoints } = this.#handlers.handler(lease.handler);
    const task = new HostedTask(lease, this.#output, checkpoints);
    this.#current = task;
    // The handler starts only when this message is sure to arrive, even if this process is killed: the worker never
    // starts a task again that has begun.
    await new Promise<void>((written) => send({ kind: 'begun' }, written));
    let unsent: HandlerEnd | undefined;
    await handle(lease.text, task.context, (outcome) => {
      if (settlesAtOnce) unsent = outcome;
      else send({ kind: 'outcome', outcome });
    });
    task.close();
    this.#current = undefined;
    this.#lines.tellLost();
    send({ kind: 'settled', outcome: unsent, memoryMb: this.#measures ? memoryMb() : 0 });
  }

  async #close(): Promise<void> {
    await this.#handlers?.dispose().catch(() => {});
    this.#world.exit();
  }
}
