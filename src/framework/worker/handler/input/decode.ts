import { OWN_ERROR, Refusal } from '../outcome/own-errors.js';
import { bytesBeyondLimit } from '../../../base/json.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/**
 * The most levels of nested objects and arrays in an input. It also limits the recursion of every function that walks
 * through an input.
 */
export const DEPTH_LIMIT = 256;

/**
 * Parses the text of an input.
 * @param isAny true if the handler gets the parsed JSON as it is, with every key. @default false: the objects in the
 * result have no key `__proto__`
 * @throws Refusal if the text isn't JSON, is too large, or is nested too deeply
 */
export function decode(text: string, isAny = false): unknown {
  const bytes = bytesBeyondLimit(text);
  if (bytes !== undefined) {
    throw refused(`the input has ${bytes} bytes; at most ${PAYLOAD_LIMIT_BYTES} are allowed`);
  }
  return decodeText(text, 'the input', DEPTH_LIMIT, isAny);
}

/**
 * Parses text as {@link decode} does, whatever its size.
 * @param what the beginning of messages, such as `the input`
 * @param depth the most levels of nested objects and arrays
 */
export function decodeText(text: string, what: string, depth: number, isAny = false): unknown {
  if (text.length > depth && isTooDeep(text, depth)) {
    throw refused(`${what} is nested deeper than ${depth} levels`);
  }
  const value = parse(text, what);
  return !isAny && mayHoldProto(text) ? withoutProto(value) : value;
}

const refused = (message: string): Refusal => new Refusal(OWN_ERROR.invalidInput, message);

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(`${what} is not JSON: ${withoutText(error)}`);
  }
}

/**
 * Describes where JSON text is broken, such as `unexpected character at position 12`. V8's own message isn't used,
 * because it quotes the text, and values of an input must not become part of a failure's cause.
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
 * Returns true if JSON text is nested deeper than the limit. It only counts brackets outside of strings, so that no
 * function recurses into a value that is too deep.
 */
function isTooDeep(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (OPENING.has(code) && ++depth > limit) return true;
    else if (CLOSING.has(code)) depth--;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Returns true if one of the text's keys may be `__proto__`, which JSON can also write with escapes. */
const mayHoldProto = (text: string): boolean => text.includes('__proto__') || text.includes('\\u');

/**
 * Removes keys named `__proto__`. `JSON.parse` makes them ordinary keys, but copying the object would then set a
 * prototype.
 */
function withoutProto(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) Reflect.deleteProperty(value, '__proto__');
  for (const inner of Object.values(value)) withoutProto(inner);
  return value;
}
