import { types } from 'node:util';
import { TooLong, toJson } from '../../../base/json.js';
import { cut } from '../../../base/show.js';
import { CAUSE_LIMIT, ERROR_LIMIT } from '../../../base/size.js';
import { traceLines } from '../../../base/stack-frames.js';
import { ActivityFailure, isReserved } from '../../../declare/activity-failure.js';
import { readErrorName } from '../../../declare/metadata.js';
import { TOO_LONG, writeCause } from './cause.js';
import type { Failure, HandlerEnd, Outcome } from '../../../declare/outcome.js';
import { OWN_ERROR, OwnError, type OwnErrorName, Refusal } from './own-errors.js';

/** Where a value was thrown, and where a warning about it goes. */
interface ThrownBy {
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  /** Called with a warning if the error's own name can't be reported. */
  readonly warn: (message: string) => void;
}

/** The failures of errors that stand for one that was reported before. */
const repeated = new WeakMap<object, Failure>();

/** Makes an error whose task is reported with a failure that was reported before, as it was. */
export function repeatFailure<E extends Error>(error: E, failure: Omit<Failure, 'status'>): E {
  repeated.set(error, { status: 'failed', ...failure });
  return error;
}

/** Makes the failure for a value that a handler threw. Never throws. */
export function failureOf(thrown: unknown, by: ThrownBy): Failure {
  try {
    const before = repeated.get(thrown as object);
    if (before) return before;
    if (OwnError.is(thrown)) return ownFailure(thrown.reported, thrown.message, thrown.data);
    return Refusal.is(thrown) ? refusalFailure(thrown) : thrownFailure(thrown, by);
  } catch {
    // Even if this code fails, because the user's logger throws for example, the task must get an outcome.
    const errorMessage = 'the error could not be described';
    return { status: 'failed', error: 'Error', cause: writeCause({ errorType: 'Error', errorMessage }) };
  }
}

function thrownFailure(thrown: unknown, { handler, warn }: ThrownBy): Failure {
  const { name, message, trace, data, warning } = readThrown(thrown);
  if (warning !== undefined) warn(warning);
  const errorMessage = warning === undefined ? message : `${message} [${warning}]`;
  const isTraced = trace.length > 0 || types.isNativeError(thrown);
  const lines = isTraced ? trace : [`at ${handler} (${withoutStack(thrown)})`];
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage, trace: lines, data: dataOf(data) }),
  };
}

/** Says in a trace why it has no lines, and what to throw instead. */
function withoutStack(thrown: unknown): string {
  const isNone = thrown === null || thrown === undefined;
  const what = isNone ? String(thrown) : typeof thrown === 'object' ? 'the object' : `a ${typeof thrown}`;
  return `${what} that was thrown has no stack: throw an Error, as in throw new Error('…')`;
}

function refusalFailure({ name, message, violations }: Refusal): Failure {
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage: message, violations }),
  };
}

/** Makes a failure with one of Stepwright's own error names. @param data details for programs */
export function ownFailure(name: OwnErrorName, message: string, data?: object): Failure {
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage: message, data: dataOf(data) }),
  };
}

/** Returns what the failure of a task and the reason of its signal say after the deadline. */
export const deadlineMessage = (timeoutMs: number): string =>
  `the handler did not end within its timeout of ${timeoutMs} ms`;

/** Returns the failure of a task that couldn't finish because the worker stops. */
export const shutdownFailure = (message: string): Failure => ownFailure(OWN_ERROR.workerShutdown, message);

/** The error names of failures that no handler has thrown: those for an input or a returned value. */
const NOT_THROWN: ReadonlySet<string> = new Set([
  OWN_ERROR.invalidInput,
  OWN_ERROR.invalidOutput,
  OWN_ERROR.outputTooLarge,
  OWN_ERROR.payloadUnavailable,
]);

/**
 * Returns the outcome of a handler that has ended after its signal aborted because the worker stops. What it returned
 * is a success; what it threw is reported as `Stepwright.WorkerShutdown`.
 */
export function afterShutdown(outcome: Outcome): Outcome {
  if (outcome.status === 'succeeded' || NOT_THROWN.has(outcome.error)) return outcome;
  return shutdownFailure(
    `the worker stopped before the handler had returned; then ${outcome.error} was thrown`,
  );
}

/** True for a failure that the handler has thrown: not for one of its output, its stop, or the crash of its thread. */
export const isThrown = (end: HandlerEnd): boolean => end.status === 'failed' && !isReserved(end.error);

/** Returns the details of a failure as plain JSON data; undefined if there are none. */
const dataOf = (data: unknown): unknown => (data === undefined ? undefined : asJson(data));

/**
 * Converts a value to plain JSON data, by writing it as JSON and parsing that. If it can't be written, or is too large
 * for a cause, returns a note instead. Never throws.
 */
export function asJson(value: unknown): unknown {
  try {
    const text = toJson(value, CAUSE_LIMIT);
    return text === undefined ? `(a ${typeof value}, which JSON can't hold)` : (JSON.parse(text) as unknown);
  } catch (error) {
    if (error instanceof TooLong) return TOO_LONG;
    const { message } = readThrown(error);
    const what = message.startsWith('Converting circular') ? 'a circular structure' : cut(message, 500);
    return `(JSON can't hold it: ${what})`;
  }
}

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

/** Returns the name under which a thrown error would be reported; the type of a thrown value that is no error. */
export const nameOfThrown = (thrown: unknown): string =>
  isError(thrown) ? nameOf(thrown, [thrown]).name : typeof thrown;

/** Returns the error name to report. It has at most 256 characters, and is never a reserved name. */
function nameOf(error: ErrorLike, chain: readonly ErrorLike[]): Named {
  const given = chain.map(givenName).find((name) => name !== undefined) ?? ownName(error);
  if (given === undefined) return classNameOf(error);
  const own = cut(given, ERROR_LIMIT);
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
  const name = cut(type, ERROR_LIMIT);
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
