import { writeSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '../output/cell-text.js';

/** Escape sequences: the screen that full-screen programs use, the cursor, and erasing. */
const ENTER = '\u001B[?1049h\u001B[?25l\u001B[2J\u001B[H';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const ERASE_LINE = '\u001B[K';
const ERASE_BELOW = '\u001B[J';
const ERASE_ALL = '\u001B[2J';

/**
 * A terminal of which the whole screen is drawn. It is drawn on the terminal's second screen, so that afterwards the
 * first one, with what was printed before, is as it was.
 */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #redraw: () => void;
  #isOpen = false;

  /** @param redraw called when the terminal has another size, or comes back from a suspension */
  constructor(out: NodeJS.WriteStream, redraw: () => void) {
    this.#out = out;
    this.#redraw = redraw;
  }

  get columns(): number {
    return this.#out.columns > 0 ? this.#out.columns : 80;
  }

  get lines(): number {
    return this.#out.rows > 0 ? this.#out.rows : 24;
  }

  /** Takes the screen until {@link close}, or until the process exits. Ctrl-Z gives it back meanwhile. */
  open(): void {
    this.#enter();
    process.on('exit', this.#leave);
    process.on('SIGTSTP', this.#suspend);
    process.on('SIGCONT', this.#resume);
    this.#out.on('resize', this.#resized);
  }

  close(): void {
    this.#out.off('resize', this.#resized);
    process.off('SIGTSTP', this.#suspend);
    process.off('SIGCONT', this.#resume);
    process.off('exit', this.#leave);
    this.#leave();
  }

  /** Draws these lines, each of which must fit into {@link columns}. Lines that the screen has no room for are left out. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const shown = lines.slice(0, this.lines);
    // After a line of the full width, erasing would take its last character.
    const isFull = (line: string): boolean => widthOf(stripVTControlCharacters(line)) >= this.columns;
    const text = shown.map((line) => (isFull(line) ? line : `${line}${ERASE_LINE}`)).join('\r\n');
    this.#out.write(`${HOME}${text}${shown.length < this.lines ? `\r\n${ERASE_BELOW}` : ''}`);
  }

  #enter(): void {
    this.#isOpen = true;
    this.#out.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      // Written at once, since the process may be exiting.
      writeSync(1, LEAVE);
    } catch {
      // The terminal is gone.
    }
  };

  readonly #suspend = (): void => {
    this.#leave();
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #resume = (): void => {
    if (!this.#isOpen) this.#enter();
    this.#redraw();
  };

  readonly #resized = (): void => {
    this.#out.write(ERASE_ALL);
    this.#redraw();
  };
}
