import { fullJitter } from '../../base/time/backoff.js';
import type { Clock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { Logger } from '../../base/log/log.js';
import { tokenHash } from '../../base/token-hash.js';
import type { Host, HostEnd } from './host.js';
import { writeLine } from './log-line.js';
import type { FromHost, FromTask, HostOptions } from './pool-messages.js';

export interface PoolOptions {
  readonly spawn: () => Host;
  readonly host: HostOptions;
  /** After so many tasks one is replaced. @default never */
  readonly recycleAfter?: number;
  /** One that holds more megabytes when its task has ended is replaced. @default never */
  readonly memoryMb?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** How long one may take to import the config and run `setup`. */
const START_LIMIT_MS = 60_000;
/** How long one may take to dispose of what it holds. */
const CLOSE_LIMIT_MS = 4_000;
/** Where none can be started, the place of a task that failed by it stays taken for so long. */
const REST_MS = { base: 1_000, ceiling: 30_000 } as const;

/** One that could not be started, and why. */
export class HostUnfit extends Error {
  override readonly name = 'HostUnfit';
}

/** A task at work in a thread or a process. */
export interface MemberRun {
  take(message: FromTask): void;
  /** No message comes any more. */
  hostEnded(end: HostEnd): void;
}

/** A thread or a process of a pool, and what is known of it. */
export interface Member {
  readonly host: Host;
  /** Resolves when it can take a task. Rejects with {@link HostUnfit}. */
  readonly ready: Promise<void>;
  /** How it ended, once it has. */
  end: HostEnd | undefined;
  /** The task at work there. */
  run: MemberRun | undefined;
  tasks: number;
  memoryMb: number;
}

/**
 * The threads or the processes of one handler. One is started when a task finds none that works for nobody, so there
 * are never more than tasks at once. Which of them is used makes no difference to a task.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  /** Those that work for nobody. The last is taken first. */
  readonly #idle: Member[] = [];
  readonly #closing = new AbortController();
  #failedStarts = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** One that works for nobody else until it is given back. It may still have to start. */
  take(): Member {
    return this.#idle.pop() ?? this.#start();
  }

  /** Its task has ended, and nothing of it is left there; or was ended before it began, while this one started. */
  giveBack(member: Member): void {
    if (!this.#members.has(member)) return;
    const { recycleAfter = Infinity, memoryMb = Infinity } = this.#options;
    if (this.#closing.signal.aborted || member.tasks >= recycleAfter || member.memoryMb > memoryMb)
      void this.#retire(member);
    else if (member.tasks > 0) this.#idle.push(member);
    // Those that may still be starting are taken last.
    else this.#idle.unshift(member);
  }

  /** Ends one at once, whatever it does; the next task gets another. */
  end(member: Member): void {
    this.#remove(member);
    member.host.end();
  }

  /** Waits where none could be started, so that a mistake in the config does not fail tasks as fast as they come. */
  async rest(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const ms = fullJitter(this.#failedStarts, REST_MS.base, REST_MS.ceiling, random);
    await clock.sleep(ms, AbortSignal.any([signal, this.#closing.signal]));
  }

  /** Ends all of them: those that work at once, the others when they have disposed of what they hold. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    const idle = this.#idle.splice(0);
    for (const member of this.#members) if (!idle.includes(member)) this.end(member);
    await Promise.all(idle.map((member) => this.#retire(member)));
  }

  #start(): Member {
    const host = this.#options.spawn();
    const started = new Promise<void>((resolve, reject) => {
      host.onMessage = (message) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'unfit') reject(new HostUnfit(message.message));
        else if (message.kind === 'stray') this.#writeStray(message);
        else member.run?.take(message);
      };
      void host.ended.then((end) => reject(new HostUnfit(`it ended before it was ready: ${showEnd(end)}`)));
    });
    const ready = this.#inTime(started);
    const member: Member = { host, ready, end: undefined, run: undefined, tasks: 0, memoryMb: 0 };
    this.#members.add(member);
    host.send({ kind: 'start', options: this.#options.host });
    ready.then(
      () => (this.#failedStarts = 0),
      () => {
        this.#failedStarts++;
        this.end(member);
      },
    );
    void host.ended.then((end) => {
      this.#remove(member);
      member.end = end;
      member.run?.hostEnded(end);
    });
    return member;
  }

  async #inTime(started: Promise<void>): Promise<void> {
    if (!(await within(this.#options.clock, START_LIMIT_MS, started)))
      throw new HostUnfit(`it was not ready within ${START_LIMIT_MS / 1000} s`);
  }

  #writeStray({ line, token }: Extract<FromHost, { kind: 'stray' }>): void {
    const { log } = this.#options;
    writeLine(token === undefined ? log : log.child({ task: tokenHash(token) }), line);
  }

  async #retire(member: Member): Promise<void> {
    this.#remove(member);
    const { host } = member;
    host.send({ kind: 'close' });
    if (!(await within(this.#options.clock, CLOSE_LIMIT_MS, host.ended))) host.end();
  }

  #remove(member: Member): void {
    this.#members.delete(member);
    const at = this.#idle.indexOf(member);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

/** How one ended, for people. */
export function showEnd({ exitCode, signal, error }: HostEnd): string {
  if (error) return `${error.name}: ${error.message}`;
  if (signal === 'SIGKILL') return 'it was killed by SIGKILL, as the system does where memory runs out';
  return signal === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signal}`;
}
