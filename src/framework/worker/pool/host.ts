import { entryUrl } from '../../base/entry-url.js';
import type { Exit } from './groups.js';
import type { FromHost, ToHost } from './pool-messages.js';

/** How a thread or a process came to its end. */
export interface HostEnd extends Exit {
  /** What a thread died of. */
  readonly error: Error | undefined;
  /** The end of what it wrote to standard error since its last task began. */
  readonly stderr: string;
}

/** One thread or process, from outside. */
export interface Host {
  /** What it is, for people. */
  readonly kind: 'thread' | 'process';
  /** Called with each message. */
  onMessage: (message: FromHost) => void;
  /** Resolves when it is no more. Never rejects. */
  readonly ended: Promise<HostEnd>;
  /** A message to one that has ended is lost. */
  send(message: ToHost): void;
  /** Ends it now, and whatever it has started: no `finally` runs. */
  end(): void;
}

/** As much of standard error as helps somebody who looks for the cause. */
const TAIL_CHARACTERS = 4_096;

/** The end of a text that comes in pieces. */
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
