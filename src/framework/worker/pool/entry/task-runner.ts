import type { Clock } from '../../../base/time/clock.js';
import type { Logger } from '../../../base/log/log.js';
import type { HandlerEnd } from '../../../declare/outcome.js';
import { lineSize, remoteLog } from '../log-line.js';
import type { FromHost, HostOptions, ToHost } from '../pool-messages.js';
import type { Channel } from './channel.js';
import type { LoadedHandler } from './load-handler.js';
import { HostedTask, type TaskOutput } from './hosted-task.js';

/** Everything outside of a thread or process of a pool that its code uses, so that tests can replace it. */
interface TaskRunnerOptions {
  readonly clock: Clock;
  /** Sends a message to the worker. */
  readonly send: Channel['send'];
  /** Loads the handler of a config. */
  readonly load: (options: HostOptions) => Promise<LoadedHandler>;
  /** Returns the megabytes that this thread or process uses. */
  readonly memoryMb: () => number;
  /** Ends this thread or process. */
  readonly exit: () => void;
}

/** Runs one task after another in a thread or a process of a pool, as the worker sends them. */
export class TaskRunner {
  /** Writes to the worker's log, for lines of which it isn't known which task they belong to. */
  readonly log: Logger;
  readonly #lines: LogBudget;
  readonly #output: TaskOutput;
  #handler: LoadedHandler | undefined;
  #current: HostedTask | undefined;
  #measures = false;

  constructor(private readonly options: TaskRunnerOptions) {
    const { clock, send } = options;
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
    const { load, send } = this.options;
    this.#measures = measures;
    try {
      this.#handler = await load(options);
      send({ kind: 'ready' });
    } catch (error) {
      send({ kind: 'not-started', message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #work(sent: Extract<ToHost, { kind: 'task' }>): Promise<void> {
    if (!this.#handler) throw new Error('a task came before the start');
    const { send, memoryMb } = this.options;
    const { handle, settlesAtOnce, checkpoints } = this.#handler;
    const task = new HostedTask(sent, this.#output, checkpoints);
    this.#current = task;
    // The handler starts only when this message is sure to arrive, even if this process is killed: the worker never
    // starts a task again that has begun.
    await new Promise<void>((written) => send({ kind: 'begun' }, written));
    let unsent: HandlerEnd | undefined;
    await handle(sent.text, task.context, (outcome) => {
      if (settlesAtOnce) unsent = outcome;
      else send({ kind: 'outcome', outcome });
    });
    task.close();
    this.#current = undefined;
    this.#lines.tellLost();
    send({ kind: 'settled', outcome: unsent, memoryMb: this.#measures ? memoryMb() : 0 });
  }

  async #close(): Promise<void> {
    await this.#handler?.dispose().catch(() => {});
    this.options.exit();
  }
}

type LineMessage = Extract<FromHost, { kind: 'log' | 'stray' }>;

/**
 * The most characters of log lines that this thread or process may have sent without an acknowledgement. The worker
 * acknowledges lines when it has written them to the log.
 */
const MOST = 2 ** 18;
/**
 * The characters of log lines that may be sent per second even if no acknowledgement was read. While a handler computes
 * for long, this thread can't read acknowledgements.
 */
const UNACKNOWLEDGED_PER_SECOND = 2 ** 16;
/** The least time between two messages that say how many lines were dropped. */
const TELL_EACH_MS = 1_000;

/**
 * Sends log lines to the worker no faster than the worker writes them. Drops and counts the others: they would fill the
 * worker's memory.
 */
export class LogBudget {
  /** The characters of log lines that may be sent now. Negative after a line that was longer. */
  #allowed = MOST;
  #countedAt: number;
  #lost = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly sendToWorker: (message: FromHost) => void,
    private readonly clock: Clock,
  ) {
    this.#countedAt = clock.now();
  }

  send(message: LineMessage): void {
    const now = this.clock.now();
    this.add(((now - this.#countedAt) / 1000) * UNACKNOWLEDGED_PER_SECOND);
    this.#countedAt = now;
    if (this.#allowed <= 0) return void this.#lost++;
    if (now - this.#toldAt >= TELL_EACH_MS) this.tellLost();
    this.#allowed -= lineSize(message.line);
    this.sendToWorker(message);
  }

  /**
   * Allows this many more characters to be sent. Called when the worker has acknowledged that many, and as time passes.
   */
  add(characters: number): void {
    this.#allowed = Math.min(MOST, this.#allowed + characters);
  }

  /** If lines were dropped since the worker was last told so, sends it their number. */
  tellLost(): void {
    if (this.#lost === 0) return;
    this.sendToWorker({ kind: 'lines-lost', lines: this.#lost });
    this.#lost = 0;
    this.#toldAt = this.clock.now();
  }
}
