import type { Readable, Writable } from 'node:stream';
import { type Cancel, systemClock } from '../time/clock.js';
import { within } from '../time/wait.js';
import { Drain, standardOutput } from './log-output.js';
import { statOf } from './stdio.js';

/**
 * The milliseconds for which an unfinished line (one without its line end yet) of a child's output is kept before it is
 * written. If the child's pipe was full when it wrote the line, the rest arrives soon.
 */
const HELD_MS = 1_000;
/**
 * The most characters of an unfinished line that are kept. If the line is longer, its beginning is written without
 * waiting for the line end.
 */
const HELD_LENGTH = 2 ** 14;
/**
 * The milliseconds for which a child's output streams are still read after the child has exited. They may stay open
 * much longer, if a process that the child started has inherited them.
 */
const REST_MS = 250;

/** The destination of what children write, such as a standard stream of this process. */
interface Sink {
  /** @returns false if nothing more should be written until {@link whenDrained} calls its function */
  write(text: string): boolean;
  whenDrained(fn: () => void): void;
}

/** The standard streams of a child. A stream that this process doesn't read is null. */
export interface ChildStreams {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/**
 * Returns the `stdio` value for a child's standard output or error. `'inherit'`: the child writes to this process's
 * stream itself. `'pipe'`: this process copies the child's output. If the stream is a pipe or a socket, it isn't
 * inherited, because the two processes would share its O_NONBLOCK flag (open(2)): if the child cleared the flag, writes
 * of this process would block.
 */
export function streamForChild(fd: 1 | 2): 'inherit' | 'pipe' {
  const stats = statOf(fd);
  return stats.isFIFO() || stats.isSocket() ? 'pipe' : 'inherit';
}

/**
 * Copies what a child (a thread or a process) writes to its standard streams to the streams of this process, in whole
 * lines. The child's streams are read only as fast as the text can be written here, so that a slow reader costs no
 * memory. If nobody reads this process's output any more, the child can still write.
 */
export class ChildOutput {
  readonly #streams: readonly Readable[];
  readonly #closed: Promise<unknown>;
  #hasExited = false;

  /**
   * @param onError receives the text that the child writes to standard error
   * @param to receives all text in whole lines, instead of the streams of this process
   */
  constructor({ stdout, stderr }: ChildStreams, onError: (text: string) => void = () => {}, to?: Sink) {
    if (stdout) this.#passOn(stdout, to ?? standardOutput());
    if (stderr) this.#passOn(stderr, to ?? standardError(), onError);
    this.#streams = [stdout, stderr].filter((stream) => stream !== null);
    this.#closed = Promise.all(
      this.#streams.map((stream) => new Promise((resolve) => stream.once('close', resolve))),
    );
  }

  /**
   * Resolves when everything that the child wrote before its exit is passed on, or after 250 ms. To be called once the
   * child has exited. Never rejects.
   */
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

/** Joins chunks of text into whole lines, so that lines from several sources aren't mixed. */
class WholeLines {
  #held = '';
  #cancel: Cancel = () => {};

  /**
   * @param isRead returns false while reading from the source is paused. The rest of an unfinished line can't arrive
   * then, so the line is kept for longer
   */
  constructor(
    private readonly write: (text: string) => void,
    private readonly isRead: () => boolean,
  ) {}

  add(chunk: string): void {
    const text = this.#held + chunk;
    const end = text.lastIndexOf('\n') + 1;
    const whole = text.length - end > HELD_LENGTH ? text.length : end;
    this.#held = text.slice(whole);
    this.#hold();
    if (whole > 0) this.write(text.slice(0, whole));
  }

  flush(): void {
    this.#cancel();
    const text = this.#held;
    this.#held = '';
    if (text) this.write(text);
  }

  #hold(): void {
    this.#cancel();
    if (this.#held)
      this.#cancel = systemClock.after(HELD_MS, () => (this.isRead() ? this.flush() : this.#hold()));
  }
}

/**
 * Writes to one of Node's streams. Errors of the stream are ignored: this process must not end because nobody reads its
 * output.
 */
class StreamSink extends Drain implements Sink {
  constructor(private readonly stream: Writable) {
    super();
    for (const event of ['drain', 'error', 'close']) stream.on(event, () => this.wake());
  }

  write(text: string): boolean {
    return this.stream.write(text);
  }
}

let errors: StreamSink | undefined;

const standardError = (): Sink => (errors ??= new StreamSink(process.stderr));
