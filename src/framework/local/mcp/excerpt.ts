import { ToolError } from './tool-error.js';

/** The most characters of the text of one result. Clients cut, or refuse, what is much longer. */
export const TEXT_LIMIT = 24_000;

/**
 * Returns the part of a text that one result can have. If it isn't the end, a last line says how to get the rest.
 * @param text the text, or its lines. No more of them are taken than are needed, since all of them may be gigabytes
 * @param from the index of the first character
 * @param again the call that returns the rest, without `from`; undefined if no call does
 * @throws ToolError if `from` is behind the end
 */
export function excerpt(text: string | Iterable<string>, from = 0, again?: string): string {
  let part = '';
  let length = 0;
  let separator = '';
  for (const each of typeof text === 'string' ? [text] : text) {
    const line = `${separator}${each}`;
    const start = Math.max(from - length, 0);
    part += line.slice(start, start + TEXT_LIMIT + 1 - part.length);
    length += line.length;
    separator = '\n';
    if (part.length > TEXT_LIMIT) break;
  }
  if (from > 0 && part === '')
    throw new ToolError(`'from' is behind the end: the text has ${length} characters`);
  if (part.length <= TEXT_LIMIT) return part;
  const shown = part.slice(0, endOfLine(part));
  const rest = again === undefined ? '' : ` The rest: ${again} with from: ${from + shown.length}.`;
  return `${shown.trimEnd()}\n[Cut after ${shown.length} characters.${rest}]`;
}

/** Returns the index behind the last line that fits; that behind the last character that fits if a line is too long. */
function endOfLine(part: string): number {
  const end = part.lastIndexOf('\n', TEXT_LIMIT - 1) + 1;
  return end > TEXT_LIMIT / 2 ? end : TEXT_LIMIT;
}
