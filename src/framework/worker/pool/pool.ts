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
  /** The number of tasks after which a host is replaced. @default never */
  readonly recycleAfter?: number;
  /** A host that holds more megabytes than this when its task has ended is replaced. @default never */
  readonly memoryMb?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Written log lines are acknowledged to a host each time that they make up this many characters. */
const ACKNOWLEDGE_EACH = 2 ** 15;
/** The longest that a host may take to import the config and to run `setup`. */
const START_LIMIT_MS = 60_000;
/** The longest that a host may take to dispose of what it holds, before it is killed. */
const CLOSE_LIMIT_MS = 4_000;
/**
 * The wait after failed starts of hosts, doubling from `base` to `ceiling`. It holds the slot of the task that failed.
 */
const BACKOFF_MS = { base: 1_000, ceiling: 30_000 } as const;

/** The error of a host that could not be started. The message says why. */
export class HostNotStarted extends Error {
  override readonly name = 'HostNotStarted';
}

/** Receives what a host sends about the task at work there. */
export interface HostListener {
  onMessage(message: FromTask): void;
  /** Called when the host has exited. No message follows. */
  onExit(exit: HostExit): void;
}

/** A host of a pool. */
export interface PooledHost {
  readonly host: Host;
  /** Resolves when the host can take a task. Rejects with {@link HostNotStarted}. */
  readonly ready: Promise<void>;
  /** How the host exited; undefined while it runs. */
  exit: HostExit | undefined;
  /** Receives what the host sends about its task; undefined while no task is at work there. */
  listener: HostListener | undefined;
  /** The number of tasks that the host was given. */
  tasks: number;
  /** The megabytes that the host held when its last task had ended; 0 where they are not measured. */
  memoryMb: number;
  /** The characters of the host's log lines that are written and not acknowledged yet. */
  written: number;
}

/**
 * The threads or the processes of one handler. One is started when a task finds none idle, so that there are never more
 * of them than tasks at once. Each can run every task of the handler.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #hosts = new Set<PooledHost>();
  /** The hosts without a task. The last one in the list is taken first. */
  readonly #idle: PooledHost[] = [];
  readonly #closing = new AbortController();
  /**
   * The asynchronous context of all hosts and their messages, since none belongs to the task that a host is started
   * for.
   */
  readonly #context = new AsyncResource('stepwright:pool');
  #failedStarts = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Returns a host for one task, until the host is released. The host may still be starting. */
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

  /** Ends a host at once, whatever it does. The next task gets another. */
  kill(pooled: PooledHost): void {
    this.#remove(pooled);
    pooled.host.kill();
  }

  /** Waits after a failed start, so that a mistake in the config does not fail tasks as fast as they arrive. */
  async backOff(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const ms = fullJitter(this.#failedStarts, BACKOFF_MS.base, BACKOFF_MS.ceiling, random);
    await clock.sleep(ms, AbortSignal.any([signal, this.#closing.signal]));
  }

  /** Ends all hosts: those at work at once, the idle ones when they have disposed of what they hold. Never rejects. */
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

/** Notes that a host's log line is written, and lets the host send more once enough are. */
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
