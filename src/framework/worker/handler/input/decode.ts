import { bytesBeyondLimit, OUTPUT_LIMIT_BYTES } from '../outcome/outcome.js';
import { OWN_ERROR } from '../outcome/own-error.js';
import { Refusal } from '../outcome/refusal.js';

/** The most bytes of UTF-8 that an input may have (Step Functions service quotas). */
export const INPUT_LIMIT_BYTES = OUTPUT_LIMIT_BYTES;
/**
 * The depth to which objects and arrays may be nested, and thus the deepest recursion of every function that walks an
 * input.
 */
export const DEPTH_LIMIT = 256;

/**
 * Parses the text of an input. No object in the result has a key `__proto__`.
 * @throws Refusal for a text that is no JSON, is too large or is nested too deep
 */
export function decode(text: string): unknown {
  const bytes = bytesBeyondLimit(text);
  if (bytes !== undefined) {
    throw refused(`the input has ${bytes} bytes; at most ${INPUT_LIMIT_BYTES} are allowed`);
  }
  if (text.length > DEPTH_LIMIT && isTooDeep(text)) {
    throw refused(`the input is nested deeper than ${DEPTH_LIMIT} levels`);
  }
  const value = parse(text);
  return mayHoldProto(text) ? withoutProto(value) : value;
}

const refused = (message: string): Refusal => new Refusal(OWN_ERROR.invalidInput, message);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(`the input is not JSON: ${withoutText(error)}`);
  }
}

/**
 * Returns the position in V8's message about broken JSON, without the text that V8 quotes: values of an input do not
 * belong in a cause.
 */
function withoutText(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const at = /at position \d+/.exec(message)?.[0];
  if (at) return `unexpected character ${at}`;
  return message.startsWith('Unexpected end') ? 'it ends too early' : 'unexpected character';
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPENING = new Set([91, 123]);
const CLOSING = new Set([93, 125]);

/**
 * Returns true where a text nests deeper than the limit. Counts brackets outside of strings, before any function
 * recurses over the value.
 */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (OPENING.has(code) && ++depth > DEPTH_LIMIT) return true;
    else if (CLOSING.has(code)) depth--;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Returns true where a key may be `__proto__`, which can also be written with escapes. */
const mayHoldProto = (text: string): boolean => text.includes('__proto__') || text.includes('\\u');

/**
 * Removes keys `__proto__`: `JSON.parse` makes such a key an ordinary one, and copying the object would then set a
 * prototype.
 */
function withoutProto(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) Reflect.deleteProperty(value, '__proto__');
  for (const inner of Object.values(value)) withoutProto(inner);
  return value;
}
