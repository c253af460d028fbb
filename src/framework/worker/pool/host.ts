import { entryUrl } from '../../base/package.js';
import { systemClock } from '../../base/time/clock.js';
import type { FromHost, ToHost } from './pool-messages.js';
import type { ProgramExit } from './program-exit.js';

/**
 * How a thread or a process of a pool has exited. `stderr` contains only what was written to standard error since its
 * last task began.
 */
export interface HostExit extends ProgramExit {
  /**
   * The error because of which a thread ended, a process couldn't be started, or a message couldn't be read; undefined
   * if there was none.
   */
  readonly error: Error | undefined;
}

/** A thread or a process in which handlers run. The worker controls both through this interface. */
export interface Host {
  /** Says if this is a thread or a process. Messages to people use this word too. */
  readonly kind: 'thread' | 'process';
  /** Called with each message that the thread or process sends to the worker. */
  onMessage: (message: FromHost) => void;
  /** Resolves when the thread or process has exited. Never rejects. */
  readonly exited: Promise<HostExit>;
  /** Sends a message to the thread or process. If it has exited, the message is lost. */
  send(message: ToHost): void;
  /** Ends the thread or process, and every process that it started, at once. `finally` blocks don't run. */
  kill(): void;
}

/** Starts a thread or a process in which handlers run. */
export type SpawnHost = (run: Host['kind']) => Host;

/** The kinds of messages that a thread or a process sends. */
const KINDS: Readonly<Record<FromHost['kind'], true>> = {
  ready: true,
  'not-started': true,
  stray: true,
  'lines-lost': true,
  store: true,
  begun: true,
  heartbeat: true,
  progress: true,
  pause: true,
  log: true,
  ask: true,
  defer: true,
  checkpoint: true,
  outcome: true,
  settled: true,
};

/** Returns a message of a thread or a process. @throws Error if it is none of ours */
export function fromHost(message: unknown): FromHost {
  const kind: unknown = typeof message === 'object' && message !== null && Reflect.get(message, 'kind');
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind))
    throw new Error('it is no message of Stepwright');
  return message as FromHost;
}

/** The most characters of a thread's or process's standard error that are kept. They may show why it exited. */
const TAIL_CHARACTERS = 4_096;

/** Keeps the end of a text that arrives in chunks. */
export class Tail {
  #text = '';

  add(chunk: Buffer | string): void {
    this.#text = (this.#text + String(chunk)).slice(-TAIL_CHARACTERS);
  }

  clear(): void {
    this.#text = '';
  }

  get text(): string {
    return this.#text.trimEnd();
  }
}

/** A thread or process that ends closes its channel too, and its exit is noticed within this time. */
const CLOSED_MS = 200;

/** The part that threads and processes of a pool share: their output, and the reason why the worker ends them. */
export abstract class BaseHost implements Host {
  abstract readonly kind: Host['kind'];
  abstract readonly exited: Promise<HostExit>;
  onMessage: (message: FromHost) => void = () => {};
  protected readonly stderr = new Tail();
  /** The error because of which it has ended, or is ended. */
  protected error: Error | undefined;
  protected hasExited = false;
  #isBroken = false;

  send(message: ToHost): void {
    if (message.kind === 'task') this.stderr.clear();
    this.post(message);
  }

  abstract kill(): void;

  /** Sends a message. If the channel is closed, the message is lost. */
  protected abstract post(message: ToHost): void;

  /** Passes a message on. If it can't be read, ends the thread or process. */
  protected take(read: () => void): void {
    try {
      if (!this.#isBroken) read();
    } catch (error) {
      this.broken(error as Error);
    }
  }

  /** Ends the thread or process, because the worker can't read one of its messages. */
  protected broken({ message }: Error): void {
    this.#end(new Error(`a message from it could not be read (${message})`));
  }

  /** Ends it soon if it runs on without its channel, as user code in it can do that finds the channel. */
  protected unplugged(): void {
    systemClock.after(CLOSED_MS, () => this.#end(new Error('it closed its channel to the worker')));
  }

  #end(error: Error): void {
    this.#isBroken = true;
    if (this.hasExited) return;
    this.error ??= error;
    this.kill();
  }
}

/** The module that each thread and process of a pool runs when it starts. */
export const ENTRY = entryUrl('worker/pool/entry/main.js');

/** Matches the options with which Node runs code of its command line or its standard input. */
const EVALUATES = /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/;

/**
 * True if this process runs such code. Threads and processes then get none of its options: a thread could not start with
 * them, and a process would run that code again.
 */
export const isEvaluated = process.execArgv.some((option) => EVALUATES.test(option));
