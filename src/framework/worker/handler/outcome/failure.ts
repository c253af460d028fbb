import { writeCause } from './cause.js';
import type { Outcome } from './outcome.js';
import { OWN_ERROR, OwnError, type OwnErrorName } from './own-error.js';
import { Refusal } from './refusal.js';
import { readThrown } from './thrown.js';

type Failure = Extract<Outcome, { status: 'failed' }>;

/** Makes a failure with one of Stepwright's own error names. @param data details for programs */
export function ownFailure(name: OwnErrorName, message: string, data?: object): Failure {
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage: message, data }),
  };
}

/** Returns the failure of a task that couldn't finish because the worker stops. */
export const shutdownFailure = (message: string): Failure => ownFailure(OWN_ERROR.workerShutdown, message);

/** The error names of failures that no handler has thrown: those for an invalid input or an invalid returned value. */
const NOT_THROWN: ReadonlySet<string> = new Set([
  OWN_ERROR.invalidInput,
  OWN_ERROR.invalidOutput,
  OWN_ERROR.outputTooLarge,
]);

/**
 * Returns the outcome to report if the handler ended after its signal was aborted because the worker stops. If the
 * handler returned, that is its result, as a success. If it threw, that is a failure with the error name
 * `Stepwright.WorkerShutdown`, since the stop probably caused the error.
 */
export function afterShutdown(outcome: Outcome): Outcome {
  if (outcome.status === 'succeeded' || NOT_THROWN.has(outcome.error)) return outcome;
  return shutdownFailure(`the worker stopped while the handler ran; it then threw ${outcome.error}`);
}

/**
 * Makes the failure for a value that a handler threw. Never throws.
 * @param warn called with a warning if the error's own name can't be reported
 */
export function failureOf(thrown: unknown, warn: (message: string) => void): Failure {
  try {
    if (OwnError.is(thrown)) return ownFailure(thrown.reported, thrown.message, thrown.data);
    return Refusal.is(thrown) ? refusalFailure(thrown) : thrownFailure(thrown, warn);
  } catch {
    // Even if this code fails, because the user's logger throws for example, the task must get an outcome.
    const errorMessage = 'the error could not be described';
    return { status: 'failed', error: 'Error', cause: writeCause({ errorType: 'Error', errorMessage }) };
  }
}

function thrownFailure(thrown: unknown, warn: (message: string) => void): Failure {
  const { name, message, trace, data, warning } = readThrown(thrown);
  if (warning !== undefined) warn(warning);
  const errorMessage = warning === undefined ? message : `${message} [${warning}]`;
  return { status: 'failed', error: name, cause: writeCause({ errorType: name, errorMessage, trace, data }) };
}

function refusalFailure({ name, message, violations }: Refusal): Failure {
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage: message, violations }),
  };
}
