import { AsyncResource } from 'node:async_hooks';
import { fullJitter, unlessAborted, within } from '../../base/time/wait.js';
import type { StoreEvent } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { tokenHash } from '../../base/show.js';
import type { Host, HostExit } from './host.js';
import { type LogLine, lineSize, writeLine } from './log-line.js';
import { wholeTold, type FromHost, type FromTask, type HostOptions } from './pool-messages.js';

interface PoolOptions {
  readonly spawn: () => Host;
  readonly host: HostOptions;
  /** A thread or process is replaced after this many tasks. @default never */
  readonly recycleAfter?: number;
  /** A thread or process is replaced if it uses more megabytes than this when its task has ended. @default never */
  readonly memoryMb?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Is told of the stores that the threads or processes use. */
  readonly onStore?: (told: StoreEvent) => void;
}

/**
 * When the worker has written this many characters of a thread's or process's log lines, it sends a message that allows
 * as many more.
 */
const ACKNOWLEDGE_EACH = 2 ** 15;
/** The longest time that a thread or process may take to import the config and to run `setup`. */
const START_LIMIT_MS = 60_000;
/** The longest time that a thread or process may take to dispose of its container, before it is killed. */
const CLOSE_LIMIT_MS = 4_000;
/**
 * The wait after a thread or process couldn't be started, which doubles with each failed start in a row. The slot of
 * the task that has failed stays in use meanwhile, so that the next tasks don't fail too.
 */
const BACKOFF_MS = { base: 1_000, ceiling: 30_000 } as const;

/** The error for a thread or process that couldn't be started. The message says why. */
export class HostNotStarted extends Error {
  override readonly name = 'HostNotStarted';
}

/** Follows the task that runs in a thread or process. */
export interface TaskListener {
  onMessage(message: FromTask): void;
  /** Called if the thread or process exits before the task has ended. */
  onExit(exit: HostExit): void;
}

/** A thread or process of a pool (a host), and what the pool knows about it. */
export interface PooledHost {
  readonly host: Host;
  /** Resolves when the thread or process can run a task. Rejects with {@link HostNotStarted} if it can't be started. */
  readonly ready: Promise<void>;
  /** How the thread or process has exited; undefined while it is running. */
  exit: HostExit | undefined;
  /** Receives the messages that the thread or process sends about its current task; undefined while it has none. */
  listener: TaskListener | undefined;
  /** The number of tasks that were sent to the thread or process. */
  tasks: number;
  /** The megabytes that the thread or process used when its last task had ended; 0 if that isn't measured. */
  memoryMb: number;
  /**
   * The characters of log lines of the thread or process that the worker has written to the log but not yet
   * acknowledged.
   */
  written: number;
}

/**
 * The threads or processes (hosts) of one handler. A host is started when a task arrives and none is idle, and runs one
 * task after another.
 */
export class Pool {
  readonly #hosts = new Set<PooledHost>();
  /** The threads or processes that have no task. The last one in the list is used first. */
  readonly #idle: PooledHost[] = [];
  /** Resolve when the threads or processes that were told to end have done so. */
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /**
   * The pool's own async context, in which threads and processes are started and their messages handled: that of a task
   * would stay in memory with the thread.
   */
  readonly #context = new AsyncResource('stepwright:pool');
  #failedStarts = 0;

  constructor(private readonly options: PoolOptions) {}

  /**
   * Resolves with a thread or process for one task, to be given back with `release`. Rejects with {@link HostNotStarted}
   * if none can be started, and with the signal's reason if that aborts first.
   */
  async acquire(signal: AbortSignal): Promise<PooledHost> {
    const pooled = this.#idle.pop() ?? this.#context.runInAsyncScope(() => this.#start());
    try {
      await unlessAborted(signal, pooled.ready);
      return pooled;
    } catch (error) {
      if (!(error instanceof HostNotStarted)) this.release(pooled);
      throw error;
    }
  }

  /** Gives a thread or process back to the pool, because its task has ended completely. */
  release(pooled: PooledHost): void {
    if (!this.#hosts.has(pooled)) return;
    const { recycleAfter = Infinity, memoryMb = Infinity } = this.options;
    if (this.#closing.signal.aborted || pooled.tasks >= recycleAfter || pooled.memoryMb > memoryMb)
      this.#retire(pooled);
    else if (pooled.tasks > 0) this.#idle.push(pooled);
    // A host that may still be starting is put where it is used last.
    else this.#idle.unshift(pooled);
  }

  /** Ends a thread or process at once, whatever it is doing. The next task gets another one. */
  kill(pooled: PooledHost): void {
    this.#remove(pooled);
    pooled.host.kill();
  }

  /**
   * Waits after a thread or process couldn't be started. Without this wait, a mistake in the config would make tasks
   * fail as fast as they arrive.
   */
  async backOff(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.options;
    const ms = fullJitter(this.#failedStarts, BACKOFF_MS.base, BACKOFF_MS.ceiling, random);
    await clock.sleep(ms, AbortSignal.any([signal, this.#closing.signal]));
  }

  /**
   * Ends all threads or processes. Those that run a task are ended at once, the others once their containers are disposed
   * of, also those that are being replaced. Never rejects.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    const idle = this.#idle.splice(0);
    for (const pooled of this.#hosts) if (!idle.includes(pooled)) this.kill(pooled);
    for (const pooled of idle) this.#retire(pooled);
    await Promise.all(this.#ending);
  }

  #start(): PooledHost {
    const host = this.#spawn();
    const started = new Promise<void>((resolve, reject) => {
      host.onMessage = (message) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'not-started') reject(new HostNotStarted(message.message));
        else if (message.kind === 'lines-lost') this.options.log.warn({ lost: message.lines }, LINES_LOST);
        else if (message.kind === 'stray') this.#writeStray(message);
        else if (message.kind === 'store') this.options.onStore?.(wholeTold(message.told));
        else pooled.listener?.onMessage(message);
        if ('line' in message) acknowledge(pooled, message.line);
      };
      void host.exited.then((exit) =>
        reject(new HostNotStarted(`it ended before it was ready: ${showExit(exit)}`)),
      );
    });
    const ready = this.#inTime(started);
    const pooled: PooledHost = {
      host,
      ready,
      exit: undefined,
      listener: undefined,
      tasks: 0,
      memoryMb: 0,
      written: 0,
    };
    this.#hosts.add(pooled);
    const { host: options, memoryMb } = this.options;
    host.send({ kind: 'start', options, measures: memoryMb !== undefined });
    this.#follow(pooled);
    return pooled;
  }

  #spawn(): Host {
    try {
      return this.options.spawn();
    } catch (error) {
      this.#failedStarts++;
      throw new HostNotStarted((error as Error).message);
    }
  }

  #follow(pooled: PooledHost): void {
    pooled.ready.then(
      () => (this.#failedStarts = 0),
      () => {
        this.#failedStarts++;
        this.kill(pooled);
      },
    );
    void pooled.host.exited.then((exit) => {
      this.#remove(pooled);
      pooled.exit = exit;
      pooled.listener?.onExit(exit);
    });
  }

  async #inTime(started: Promise<void>): Promise<void> {
    if (!(await within(this.options.clock, START_LIMIT_MS, started)))
      throw new HostNotStarted(`it was not ready within ${START_LIMIT_MS / 1000} s`);
  }

  #writeStray({ line, token }: Extract<FromHost, { kind: 'stray' }>): void {
    const { log } = this.options;
    writeLine(token === undefined ? log : log.child({ task: tokenHash(token) }), line);
  }

  #retire(pooled: PooledHost): void {
    this.#remove(pooled);
    const { host } = pooled;
    host.send({ kind: 'close' });
    const ended = within(this.options.clock, CLOSE_LIMIT_MS, host.exited).then((inTime) => {
      if (!inTime) host.kill();
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
  }

  #remove(pooled: PooledHost): void {
    this.#hosts.delete(pooled);
    const at = this.#idle.indexOf(pooled);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

const LINES_LOST = 'lines of the log are lost: the handler logged more than the worker could write';

/**
 * Records that the worker has written a log line of a thread or process. When enough were written, sends a message that
 * allows more.
 */
function acknowledge(pooled: PooledHost, line: LogLine): void {
  pooled.written += lineSize(line);
  if (pooled.written < ACKNOWLEDGE_EACH) return;
  pooled.host.send({ kind: 'lines-written', characters: pooled.written });
  pooled.written = 0;
}

/** Describes for people how a thread or process has exited. */
export function showExit({ exitCode, signal, error }: HostExit): string {
  if (error) return `${error.name}: ${error.message}`;
  if (signal === 'SIGKILL') return 'it was killed by SIGKILL, as the system does where memory runs out';
  return signal === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signal}`;
}
