import { types } from 'node:util';
import { isReserved } from '../../../declare/activity-failure.js';
import { writeCause } from './cause.js';
import { OWN_ERROR, OwnError, type OwnErrorName, Refusal } from './own-errors.js';
import { readThrown } from './thrown.js';

/** The outcome of a task that is reported to the service. */
export type Outcome =
  | { readonly status: 'succeeded'; /** The handler's result as JSON text. */ readonly output: string }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** JSON text with the fields that AWS Lambda gives its errors. */ readonly cause: string;
    };

/** Says that a task has no outcome yet: somebody else completes it later. */
export interface Deferred {
  readonly status: 'deferred';
}

/** The end of a handler: with the task's outcome, or with a deferral. */
export type HandlerEnd = Outcome | Deferred;

/** True for a failure that the handler has thrown: not for one of its output, its stop, or the crash of its thread. */
export const isThrown = (end: HandlerEnd): boolean => end.status === 'failed' && !isReserved(end.error);

type Failure = Extract<Outcome, { status: 'failed' }>;

/** Makes a failure with one of Stepwright's own error names. @param data details for programs */
export function ownFailure(name: OwnErrorName, message: string, data?: object): Failure {
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage: message, data }),
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
  return shutdownFailure(`the worker stopped while the handler ran; it then threw ${outcome.error}`);
}

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
    cause: writeCause({ errorType: name, errorMessage, trace: lines, data }),
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
