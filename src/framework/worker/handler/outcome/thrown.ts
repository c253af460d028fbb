import { types } from 'node:util';
import { pathToFileURL } from 'node:url';
import { ActivityFailure, ERROR_NAME_LIMIT, isReserved } from '../../../declare/activity-failure.js';
import { readErrorName } from '../../../declare/metadata.js';
import { OWN_FOLDER } from '../../../base/package.js';

/**
 * The parts of a thrown value that are reported as the task's failure. A handler may throw anything, even a proxy whose
 * own code throws, so parts that can't be read are left out.
 */
interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly trace: readonly string[];
  readonly data?: unknown;
  /**
   * A warning for the log; present only if the error's own name can't be reported and another one is reported instead.
   */
  readonly warning?: string;
}

const CHAIN_LIMIT = 10;
const MESSAGE_LIMIT = 8_192;
/** The most characters of JSON that are written to show a thrown value. */
const TEXT_LIMIT = 262_144;

/** Reads the parts of a thrown value. Never throws. */
export function readThrown(thrown: unknown): Thrown {
  try {
    return isError(thrown) ? readError(thrown) : readValue(thrown);
  } catch {
    return { name: typeof thrown, message: 'the thrown value could not be read', trace: [] };
  }
}

interface ErrorLike {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

/**
 * Returns true for an error, even if its class isn't this realm's Error: errors from a vm context, or from Node itself
 * inside a test runner, aren't `instanceof Error`.
 */
function isError(value: unknown): value is ErrorLike {
  if (typeof value !== 'object' || value === null) return false;
  if (types.isNativeError(value) || value instanceof Error) return true;
  return ['name', 'message', 'stack'].every((key) => typeof Reflect.get(value, key) === 'string');
}

function readError(error: ErrorLike): Thrown {
  const chain = causes(error);
  const failure = chain.find((each) => each instanceof ActivityFailure);
  const { name, warning } = nameOf(error, chain);
  return {
    name,
    message: cut(messageOf(error), MESSAGE_LIMIT),
    trace: chain.flatMap(traceOf),
    ...(failure?.data !== undefined && { data: failure.data }),
    ...(warning !== undefined && { warning }),
  };
}

/** Returns an error and the errors in its chain of `cause`. The error itself comes first. */
function causes(error: ErrorLike): ErrorLike[] {
  const chain: ErrorLike[] = [];
  for (let each: unknown = error; isError(each) && !chain.includes(each); each = safely(each, 'cause')) {
    chain.push(each);
    if (chain.length === CHAIN_LIMIT) break;
  }
  return chain;
}

interface Named {
  readonly name: string;
  readonly warning?: string;
}

/** Returns the error name to report. It has at most 256 characters, and is never a reserved name. */
function nameOf(error: ErrorLike, chain: readonly ErrorLike[]): Named {
  const given = chain.map(givenName).find((name) => name !== undefined) ?? ownName(error);
  if (given === undefined) return classNameOf(error);
  const own = cut(given, ERROR_NAME_LIMIT);
  if (!isReserved(own)) return { name: own };
  const { name } = classNameOf(error);
  return { name, warning: `the error name '${own}' is reserved; the reported name is '${name}'` };
}

/**
 * Returns the name of an error's class. Returns `Error` if that name is reserved, or was probably shortened by a
 * minifier.
 */
function classNameOf(error: ErrorLike): Named {
  const type = constructorOf(error)?.name;
  if (typeof type !== 'string' || type === '') return { name: 'Error' };
  const name = cut(type, ERROR_NAME_LIMIT);
  const fault = isReserved(name) ? 'which is reserved' : name.length <= 2 && 'as a minifier would';
  if (!fault) return { name };
  const warning = `the class of a thrown error is named '${name}', ${fault}; the reported name is 'Error'. Give the class @ErrorName('…')`;
  return { name: 'Error', warning };
}

/**
 * Returns the name that the user gave to an error on purpose: with `@ErrorName` on its class, or as the name of an
 * ActivityFailure. Returns undefined if there is none.
 */
function givenName(error: ErrorLike): string | undefined {
  const type = constructorOf(error);
  const marked = type && readErrorName(type);
  if (typeof marked === 'string' && marked !== '') return marked;
  const name = error instanceof ActivityFailure ? safely(error, 'name') : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Returns `error.name`. Returns undefined if the error only has the default name `Error`, which it inherits. */
function ownName(error: ErrorLike): string | undefined {
  const name = safely(error, 'name');
  if (typeof name !== 'string' || name === '') return undefined;
  return name === 'Error' && !Object.hasOwn(error, 'name') ? undefined : name;
}

function constructorOf(error: ErrorLike): { readonly name?: unknown } | undefined {
  const type = safely(error, 'constructor');
  return typeof type === 'function' ? type : undefined;
}

/**
 * Returns the message of an error. For an AggregateError, adds the messages of its errors, and of the errors in those.
 * It goes no deeper, because an AggregateError may contain many errors, or itself.
 */
function messageOf(error: ErrorLike, levels = 2): string {
  const message = safely(error, 'message');
  const text = typeof message === 'string' ? message : '';
  const errors = levels > 0 ? safely(error, 'errors') : undefined;
  if (!Array.isArray(errors) || errors.length === 0) return text;
  const lines = errors.slice(0, CHAIN_LIMIT).map((each) => oneLine(each, levels - 1));
  return `${text || 'several errors'} (${errors.length}: ${lines.join('; ')})`;
}

function oneLine(thrown: unknown, levels?: number): string {
  const { name, message } = isError(thrown)
    ? { name: nameOf(thrown, [thrown]).name, message: messageOf(thrown, levels) }
    : readValue(thrown);
  return cut(`${name}: ${message}`, 500);
}

function traceOf(error: ErrorLike, index: number): string[] {
  const stack = safely(error, 'stack');
  const shown = typeof stack === 'string' ? traceLines(stack).map((line) => cut(line, 500)) : [];
  return index === 0 ? shown : [`Caused by: ${oneLine(error)}`, ...shown];
}

function readValue(value: unknown): Thrown {
  if (value === undefined || value === null)
    return { name: typeof value, message: nothingThrown(value), trace: [] };
  return { name: typeof value, message: cut(textOf(value), MESSAGE_LIMIT), trace: [] };
}

/**
 * Returns the message of a failure without any reason. The name says nothing either, and is what Catch and Retry see.
 */
const nothingThrown = (value: undefined | null): string =>
  `${String(value)} was thrown, or a promise was rejected with nothing: it has no message and no stack. Fix: throw new Error('…'), or reject(new Error('…')); Catch and Retry see the name of that error`;

function textOf(value: unknown): string {
  if (typeof value === 'function') return `[Function: ${value.name}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  // util.inspect isn't used: it would show the properties that async_hooks adds to promises, which contain the
  // task's token.
  const text = shortJson(value);
  return text === undefined || text === '{}' ? Object.prototype.toString.call(value) : text;
}

function shortJson(value: unknown): string | undefined {
  try {
    return toJson(value, TEXT_LIMIT);
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    throw error;
  }
}

function safely(holder: object, key: string): unknown {
  try {
    return Reflect.get(holder, key);
  } catch {
    return undefined;
  }
}

/** Thrown if the JSON of a value would be longer than allowed. */
export class TooLong extends Error {}

/**
 * Writes a value as JSON, with each BigInt as a string. Stops writing as soon as the text is too long.
 * @throws TooLong, and the errors of `JSON.stringify`
 */
export function toJson(value: unknown, limit: number): string | undefined {
  let least = 0;
  const text = JSON.stringify(value, (key, each: unknown) => {
    least += each === undefined ? 0 : key.length + (typeof each === 'string' ? each.length : 0);
    if (least > limit) throw new TooLong();
    return typeof each === 'bigint' ? String(each) : each;
  }) as string | undefined;
  if (text !== undefined && text.length > limit) throw new TooLong();
  return text;
}

/** Cuts a text to a number of UTF-16 code units, but never in the middle of a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
  return text.slice(0, end);
}

const FRAMES_LIMIT = 12;
/**
 * The folder of this package's TypeScript sources. Stack frames show it if the package runs from a checkout with source
 * maps. The published package has neither source maps nor sources.
 */
const OWN_SOURCES = OWN_FOLDER?.replace(/\bdist\/src\/framework\/$/, 'src/framework/');

/** The working directory at the start, as a path and as a URL, both with a slash at the end; empty if it is unknown. */
const HERE: readonly string[] = workingDirectory();

function workingDirectory(): string[] {
  try {
    const path = `${process.cwd()}/`;
    return path === '//' ? [] : [pathToFileURL(path).href, path];
  } catch {
    // The directory was deleted.
    return [];
  }
}

/**
 * Returns the frames of the user's code that the handler's call led to, with paths relative to the working directory:
 * the same in a test, in a worker, and on every machine.
 */
function traceLines(stack: string): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const users = framesOfHandler(frames).filter(isOfUser);
  return (users.length > 0 ? users : frames).slice(0, FRAMES_LIMIT).map((line) => shown(line.trim()));
}

/**
 * Returns the file and the line of the user's code that was called last, as in `src/a.ts:17`; undefined if none was.
 */
export function userPlace(stack: string): string | undefined {
  const frame = stack.split('\n').find((line) => /^\s+at /.test(line) && isOfUser(line) && !isNative(line));
  return frame && /(?:\(|at (?:async )?)([^()]+:\d+):\d+\)?$/.exec(shown(frame.trim()))?.[1];
}

/** Returns the frames inside the outermost one of Stepwright; all frames if none of them called the user's code. */
function framesOfHandler(lines: readonly string[]): readonly string[] {
  const frames = lines.filter((line, index) => !(isNative(line) && isOwn(lines[index - 1])));
  const outermost = frames.findLastIndex((line) => isOwn(line));
  return outermost > frames.findIndex(isOfUser) ? frames.slice(0, outermost) : frames;
}

/** True for a function of JavaScript. `new Promise` or `Array.map` around a function of Stepwright is Stepwright's. */
const isNative = (line: string): boolean => line.endsWith(' (<anonymous>)');

/**
 * True for a stack frame of this package, which shows nothing of the user's code. In a bundle no frame is known to be.
 */
const isOwn = (line = ''): boolean =>
  OWN_FOLDER !== undefined &&
  (line.includes(OWN_FOLDER) || (OWN_SOURCES !== undefined && line.includes(OWN_SOURCES)));
const isOfUser = (line: string): boolean => !isOwn(line) && !/[( ]node:/.test(line);

function shown(line: string): string {
  for (const folder of HERE) {
    const at = line.indexOf(folder);
    if (at > 0 && '( '.includes(line.charAt(at - 1)))
      return line.slice(0, at) + line.slice(at + folder.length);
  }
  return line;
}
