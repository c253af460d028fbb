import { AsyncResource } from 'node:async_hooks';
import { fullJitter } from '../../base/time/backoff.js';
import type { Clock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { Logger } from '../../base/log/log.js';
import { tokenHash } from '../../base/token-hash.js';
import type { Host, HostExit } from './host.js';
import { type LogLine, lineSize, writeLine } from './log-line.js';
import type { FromHost, FromTask, HostOptions } from './pool-messages.js';

export interface PoolOptions {
  readonly spawn: () => Host;
  readonly host: HostOptions;
  /** A host is replaced after so many tasks. @default never */
  readonly recycleAfter?: number;
  /** A host that holds more megabytes when its task has ended is replaced. @default never */
  readonly memoryMb?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Log lines of so many characters are acknowledged together. */
const ACKNOWLEDGE_EACH = 2 ** 15;
/** The longest that a host may take to import the config and to run `setup`. */
const START_LIMIT_MS = 60_000;
/** The longest that a host may take to dispose of what it holds. */
const CLOSE_LIMIT_MS = 4_000;
/** The backoff after failed starts. It holds the slot of the task that failed. */
const BACKOFF_MS = { base: 1_000, ceiling: 30_000 } as const;

/** A host could not be started; the message says why. */
export class HostNotStarted extends Error {
  override readonly name = 'HostNotStarted';
}

/** Listens to a host for the task at work there. */
export interface HostListener {
  onMessage(message: FromTask): void;
  /** No message follows. */
  onExit(exit: HostExit): void;
}

/** A host of a pool. */
export interface PooledHost {
  readonly host: Host;
  /** Resolves when it can take a task. Rejects with {@link HostNotStarted}. */
  readonly ready: Promise<void>;
  /** Undefined while it runs. */
  exit: HostExit | undefined;
  /** Undefined while no task is at work there. */
  listener: HostListener | undefined;
  /** The number of tasks that it was given. */
  tasks: number;
  /** The memory that it held when its last task had ended. */
  memoryMb: number;
  /** The characters of its log lines that are written and not acknowledged yet. */
  written: number;
}

/**
 * The threads or the processes of one handler. One is started when a task finds none idle, so there are never more of
 * them than tasks at once. Every task can run in every one of them.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #hosts = new Set<PooledHost>();
  /** The hosts without a task. The last one is taken first. */
  readonly #idle: PooledHost[] = [];
  readonly #closing = new AbortController();
  /** The asynchronous context of hosts and their messages: none of them belongs to the task that a host is started for. */
  readonly #context = new AsyncResource('stepwright:pool');
  #failedStarts = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Returns a host for one task, until it is released. It may still be starting. */
  acquire(): PooledHost {
    return this.#idle.pop() ?? this.#context.runInAsyncScope(() => this.#start());
  }

  /** Takes back a host whose task has left nothing there, or never began because the host was still starting. */
  release(pooled: PooledHost): void {
    if (!this.#hosts.has(pooled)) return;
    const { recycleAfter = Infinity, memoryMb = Infinity } = this.#options;
    if (this.#closing.signal.aborted || pooled.tasks >= recycleAfter || pooled.memoryMb > memoryMb)
      void this.#retire(pooled);
    else if (pooled.tasks > 0) this.#idle.push(pooled);
    // A host that may still be starting is taken last.
    else this.#idle.unshift(pooled);
  }

  /** Ends a host at once, whatever it does; the next task gets another. */
  kill(pooled: PooledHost): void {
    this.#remove(pooled);
    pooled.host.kill();
  }

  /** Waits after a failed start, so that a mistake in the config does not fail tasks as fast as they come. */
  async backOff(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const ms = fullJitter(this.#failedStarts, BACKOFF_MS.base, BACKOFF_MS.ceiling, random);
    await clock.sleep(ms, AbortSignal.any([signal, this.#closing.signal]));
  }

  /** Ends all hosts: those at work at once, idle ones when they have disposed of what they hold. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    const idle = this.#idle.splice(0);
    for (const pooled of this.#hosts) if (!idle.includes(pooled)) this.kill(pooled);
    await Promise.all(idle.map((pooled) => this.#retire(pooled)));
  }

  #start(): PooledHost {
    const host = this.#options.spawn();
    const started = new Promise<void>((resolve, reject) => {
      host.onMessage = (message) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'not-started') reject(new HostNotStarted(message.message));
        else if (message.kind === 'lines-lost') this.#options.log.warn({ lost: message.lines }, LINES_LOST);
        else if (message.kind === 'stray') this.#writeStray(message);
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
    const { host: options, memoryMb } = this.#options;
    host.send({ kind: 'start', options, measures: memoryMb !== undefined });
    this.#follow(pooled);
    return pooled;
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
    if (!(await within(this.#options.clock, START_LIMIT_MS, started)))
      throw new HostNotStarted(`it was not ready within ${START_LIMIT_MS / 1000} s`);
  }

  #writeStray({ line, token }: Extract<FromHost, { kind: 'stray' }>): void {
    const { log } = this.#options;
    writeLine(token === undefined ? log : log.child({ task: tokenHash(token) }), line);
  }

  async #retire(pooled: PooledHost): Promise<void> {
    this.#remove(pooled);
    const { host } = pooled;
    host.send({ kind: 'close' });
    if (!(await within(this.#options.clock, CLOSE_LIMIT_MS, host.exited))) host.kill();
  }

  #remove(pooled: PooledHost): void {
    this.#hosts.delete(pooled);
    const at = this.#idle.indexOf(pooled);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

const LINES_LOST = 'lines of the log are lost: the handler logged more than the worker could write';

/** Lets a host send more lines once some are written. */
function acknowledge(pooled: PooledHost, line: LogLine): void {
  pooled.written += lineSize(line);
  if (pooled.written < ACKNOWLEDGE_EACH) return;
  pooled.host.send({ kind: 'lines-written', characters: pooled.written });
  pooled.written = 0;
}

/** Describes an exit for people. */
export function showExit({ exitCode, signal, error }: HostExit): string {
  if (error) return `${error.name}: ${error.message}`;
  if (signal === 'SIGKILL') return 'it was killed by SIGKILL, as the system does where memory runs out';
  return signal === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signal}`;
}
