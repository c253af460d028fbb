import { relative, sep } from 'node:path';
import { inspect } from 'node:util';
import zlib from 'node:zlib';
import { closest, distance } from 'fastest-levenshtein';
import { isPlainObject } from './json.js';

/** Returns a file's path for messages: relative if the file is in the working directory, otherwise unchanged. */
export function shownPath(file: string): string {
  const inside = relative(process.cwd(), file);
  return inside === '..' || inside.startsWith(`..${sep}`) ? file : inside;
}

/**
 * Returns an error of the service or the network as one line, without its stack, which would only show functions of the
 * SDK.
 */
export const showError = (error: Error): string => readable(() => `${error.name}: ${error.message}`);

/** Returns a text about a value that may throw when it is read: a getter, or a proxy that was revoked. */
function readable(text: () => string): string {
  try {
    return text();
  } catch {
    return 'a value that throws when it is read';
  }
}

/** Shows a value in a message as the user would have written it: `"20"` (string), `-1` (number). Never throws. */
export const show = (value: unknown): string => readable(() => shown(value));

function shown(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'function') return `${value.name || 'anonymous'} (function)`;
  if (typeof value === 'bigint' || typeof value === 'symbol') return `${value.toString()} (${typeof value})`;
  if (typeof value === 'number') return `${value} (number)`;
  if (Array.isArray(value)) return `${write(value)} (array)`;
  return `${write(value)} (${typeof value})`;
}

/** Returns a text with the user names and passwords of its URLs hidden. */
export const hideCredentials = (text: string): string => text.replaceAll(/:\/\/[^\s"']*@/g, '://***@');

/**
 * Writes a value as JSON, with functions shown by their names. If JSON can't show the value, Node's `inspect` is used.
 * Cut to 200 characters.
 */
function write(value: unknown): string {
  const named = (_: string, each: unknown): unknown =>
    typeof each === 'function' ? `${each.name || 'anonymous'} (function)` : (each ?? String(each));
  try {
    if (isData(value)) return hideCredentials(JSON.stringify(value, named)).slice(0, 200);
  } catch {
    // The value is circular, or contains something that JSON can't express.
  }
  return hideCredentials(inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })).slice(0, 200);
}

/**
 * Returns true if JSON can express the whole value. Returns false for a Map, for example, since JSON would show it as
 * an empty object.
 */
const isData = (value: unknown): boolean =>
  typeof value !== 'object' || Array.isArray(value) || isPlainObject(value);

/** Cuts a text to a number of UTF-16 code units, but never in the middle of a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
  return text.slice(0, end);
}

/** Returns the three names that are most similar to an unknown one, the most similar first. */
export const nearestNames = (name: string, names: Iterable<string>): string[] =>
  [...names].toSorted((a, b) => distance(name, a) - distance(name, b)).slice(0, 3);

/** Returns the question whether a known name was meant. */
export const proposal = (name: string): string => `did you mean '${name}'?`;

/**
 * Returns the last part of a message about an unknown name: it proposes the known name that is most similar, and lists
 * all known names.
 */
export function didYouMean(name: string, names: readonly string[]): string {
  if (names.length === 0) return 'there are none';
  const around = names.find((each) => name !== '' && each.includes(name));
  return `${proposal(around ?? closest(name, [...names]))} There are: ${names.join(', ')}`;
}

/**
 * The most names that a misspelt name is compared with. Comparing it with all names of a large machine would take
 * minutes.
 */
const NAMES_COMPARED = 100;
/** A misspelt name with more characters than this isn't compared, since no known name is nearly as long. */
const LONGEST_NAME = 100;

/**
 * Returns the one of `names` that is most similar to a misspelt name. Returns undefined if none is similar, or if there
 * are too many names to compare.
 */
export function meantName(name: string, names: readonly string[]): string | undefined {
  if (names.length === 0 || names.length > NAMES_COMPARED || name.length > LONGEST_NAME) return undefined;
  const found = closest(name, [...names]);
  const far = distance(name.toLowerCase(), found.toLowerCase());
  return far <= Math.max(2, Math.floor(name.length / 3)) ? found : undefined;
}

// Not by name: Node 18 has no such export, and would fail here before it is told what version is needed.

/**
 * Returns a short hash of a task token, which is safe to log. The token itself must not be logged, since anyone who has
 * it can report the task's result.
 *
 * The hash is a CRC-32, because that costs half of a SHA-256. It reveals at most 32 of a token's thousands of bits.
 */
export const tokenHash = (token: string): string => zlib.crc32(token).toString(16).padStart(8, '0');
