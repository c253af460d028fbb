import { fstatSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type Cancel, systemClock } from '../time/clock.js';
import { within } from '../time/wait.js';
import { standardOutput } from './log-output.js';

/** A line without an end is held back for so long, since a child that found its pipe full writes the rest later. */
const HELD_MS = 1_000;
/** The characters of a line that are held back at most. */
const HELD_LENGTH = 2 ** 14;
/** The longest that the streams of a child are read after its exit: a process that it started may hold them open. */
const REST_MS = 250;

/** A standard stream of this process. */
interface Sink {
  /** @returns false where it takes no more before {@link whenDrained} */
  write(text: string): boolean;
  whenDrained(fn: () => void): void;
}

/** The standard streams of a child, of which one that is not read here is null. */
export interface ChildStreams {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/**
 * Returns how a child process gets a standard stream of this one. A pipe or a socket is not shared with it: the child
 * would make writes of this process wait for the reader, since both have the same flags (O_NONBLOCK, open(2)).
 */
export function streamForChild(fd: 1 | 2): 'inherit' | 'pipe' {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket() ? 'pipe' : 'inherit';
}

/**
 * Passes on what a thread or a process writes to its standard streams, in whole lines. Reads no faster than the streams of
 * this process take it, so that a slow reader costs no memory here. A reader that is gone costs nothing.
 */
export class ChildOutput {
  readonly #streams: readonly Readable[];
  readonly #closed: Promise<unknown>;
  #hasExited = false;

  /** @param onError called with what is written to standard error */
  constructor({ stdout, stderr }: ChildStreams, onError: (text: string) => void = () => {}) {
    if (stdout) this.#passOn(stdout, standardOutput());
    if (stderr) this.#passOn(stderr, standardError(), onError);
    this.#streams = [stdout, stderr].filter((stream) => stream !== null);
    this.#closed = Promise.all(
      this.#streams.map((stream) => new Promise((resolve) => stream.once('close', resolve))),
    );
  }

  /** Resolves when what the child wrote before its exit is passed on. Never rejects. */
  async readRest(): Promise<void> {
    this.#hasExited = true;
    for (const stream of this.#streams) stream.resume();
    await within(systemClock, REST_MS, this.#closed);
    for (const stream of this.#streams) stream.destroy();
  }

  #passOn(source: Readable, sink: Sink, onText: (text: string) => void = () => {}): void {
    const pass = (text: string): void => {
      // What is left after an exit is no more than the pipe holds.
      if (sink.write(text) || this.#hasExited) return;
      source.pause();
      sink.whenDrained(() => source.resume());
    };
    const lines = new WholeLines(pass, () => !source.isPaused());
    source.setEncoding('utf8');
    source.on('data', (text: string) => {
      onText(text);
      lines.add(text);
    });
    source.on('close', () => lines.flush());
    // A broken pipe has nothing left to read.
    source.on('error', () => {});
  }
}

/** Joins chunks of text to whole lines, so that lines of several sources do not mix. */
class WholeLines {
  readonly #write: (text: string) => void;
  readonly #isRead: () => boolean;
  #held = '';
  #cancel: Cancel = () => {};

  /** @param isRead returns false while chunks that were written are not read */
  constructor(write: (text: string) => void, isRead: () => boolean) {
    this.#write = write;
    this.#isRead = isRead;
  }

  add(chunk: string): void {
    const text = this.#held + chunk;
    const end = text.lastIndexOf('\n') + 1;
    const whole = text.length - end > HELD_LENGTH ? text.length : end;
    this.#held = text.slice(whole);
    this.#hold();
    if (whole > 0) this.#write(text.slice(0, whole));
  }

  flush(): void {
    this.#cancel();
    const text = this.#held;
    this.#held = '';
    if (text) this.#write(text);
  }

  #hold(): void {
    this.#cancel();
    if (this.#held)
      this.#cancel = systemClock.after(HELD_MS, () => (this.#isRead() ? this.flush() : this.#hold()));
  }
}

/** A stream of Node's as a sink. Ignores its errors, since a reader that is gone must not end this process. */
class StreamSink implements Sink {
  readonly #stream: Writable;
  #waiting: (() => void)[] = [];

  constructor(stream: Writable) {
    this.#stream = stream;
    for (const event of ['drain', 'error', 'close']) stream.on(event, () => this.#wake());
  }

  write(text: string): boolean {
    return this.#stream.write(text);
  }

  whenDrained(fn: () => void): void {
    this.#waiting.push(fn);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fn of waiting) fn();
  }
}

let errors: StreamSink | undefined;

const standardError = (): Sink => (errors ??= new StreamSink(process.stderr));
