import { readerFailure } from './item.js';

/** The most characters that a line, or an item in a JSON array, may have. A larger one fits into no state's input. */
export const LONGEST_PART = 8 * 1024 * 1024;

/** Decodes the bytes of a file, without the byte order mark. */
export async function* textOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** A carriage return at the end may be the first half of a line break. */
const LINE_BREAK = /\r?\n|\r(?!$)/;

/**
 * Yields the lines of a text, as many at once as each chunk completes. They don't contain the line breaks (`\n`, `\r\n` or
 * `\r`).
 * @throws StateFailure if a line has more than LONGEST_PART characters
 */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = '';
  for await (const chunk of chunks) {
    // Only a text that has a line break is searched, since the rest of a long line is long too.
    const lines = /[\r\n]/.test(chunk) ? (rest + chunk).split(LINE_BREAK) : [rest + chunk];
    rest = lines.pop() ?? '';
    checkLength(rest.length, 'A line of the file');
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield rest.replace(/\r$/, '').split(LINE_BREAK);
}

/** @throws StateFailure if a part of a file is too long */
export function checkLength(length: number, what: string): void {
  if (length > LONGEST_PART) throw readerFailure(`${what} has more than ${LONGEST_PART} characters.`);
}
