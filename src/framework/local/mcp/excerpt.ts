import { ToolError } from './tool-error.js';

/** The most characters of the text of one result. Clients cut, or refuse, what is much longer. */
export const TEXT_LIMIT = 24_000;

/**
 * Returns the part of a text that one result can have, with a line that says how to get the rest.
 * @param from the index of the first character
 * @param again the call that returns the rest, without `from`; undefined if no call does
 * @throws ToolError if `from` is behind the end
 */
export function excerpt(text: string, from = 0, again?: string): string {
  if (from > 0 && from >= text.length)
    throw new ToolError(`'from' is behind the end: the text has ${text.length} characters`);
  const end = from + TEXT_LIMIT >= text.length ? text.length : endOfLine(text, from);
  const part = text.slice(from, end);
  if (end === text.length) return part;
  const rest = again === undefined ? '' : ` The rest: ${again} with from: ${end}.`;
  return `${part.trimEnd()}\n[Cut: these are the characters ${from} to ${end} of ${text.length}.${rest}]`;
}

/** Returns the index behind the last line that fits; that behind the last character if a line is too long. */
function endOfLine(text: string, from: number): number {
  const end = text.lastIndexOf('\n', from + TEXT_LIMIT - 1) + 1;
  return end > from + TEXT_LIMIT / 2 ? end : from + TEXT_LIMIT;
}
