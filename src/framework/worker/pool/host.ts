import { entryUrl } from '../../base/entry-url.js';
import type { FromHost, ToHost } from './pool-messages.js';
import type { ProgramExit } from './program-exit.js';

/** The exit of a thread or a process of a pool. Its `stderr` begins with the last task that ran there. */
export interface HostExit extends ProgramExit {
  /**
   * The error that ended a thread, that kept a process from starting, or that made its messages unreadable; otherwise
   * undefined.
   */
  readonly error: Error | undefined;
}

/** A thread or a process that runs handlers, as the worker sees it. */
export interface Host {
  /** The word for this host in messages. */
  readonly kind: 'thread' | 'process';
  /** Called with each message from the host. */
  onMessage: (message: FromHost) => void;
  /** Resolves when the host has exited. Never rejects. */
  readonly exited: Promise<HostExit>;
  /** Sends a message to the host. Where the host has exited, the message is lost. */
  send(message: ToHost): void;
  /** Ends the host at once, and every process that it started. No `finally` block runs. */
  kill(): void;
}

/** Returns the error of a host that is ended because one of its messages can't be read. */
export const brokenChannel = ({ message }: Error): Error =>
  new Error(`a message from it could not be read (${message})`);

/** The most characters of a host's standard error that are kept, as a hint at the cause of an exit. */
const TAIL_CHARACTERS = 4_096;

/** The end of a text that arrives in chunks. */
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

/** The module that a thread or a process of a pool starts with. */
export const ENTRY = entryUrl('./entry/main.js', import.meta.url);
