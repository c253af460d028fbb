import { readerFailure } from './item.js';

/** The most characters that a line, or an item in a JSON array, may have. A larger one fits into no state's input. */
export const LONGEST_PART = 8 * 1024 * 1024;

/** Decodes the bytes of a file, without the byte order mark. */
export async function* textOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/**
 * Yields the lines of a text, as many at once as each chunk completes. They don't contain the line breaks (`\n` or
 * `\r\n`).
 * @throws StateFailure if a line has more than LONGEST_PART characters
 */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = '';
  for await (const chunk of chunks) {
    if (!chunk.includes('\n')) {
      rest += chunk;
      checkLength(rest, 'line');
      continue;
    }
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield lines.map(withoutReturn);
  }
  if (rest !== '') yield [withoutReturn(rest)];
}

/** @throws StateFailure if a part of a file is too long */
export function checkLength(text: string, what: string): void {
  if (text.length > LONGEST_PART)
    throw readerFailure(`A ${what} of the file has more than ${LONGEST_PART} characters.`);
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
