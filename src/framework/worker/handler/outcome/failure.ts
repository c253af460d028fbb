import { writeCause } from './cause.js';
import type { Outcome } from './outcome.js';
import { OWN_ERROR, OwnError, type OwnErrorName } from './own-error.js';
import { Refusal } from './refusal.js';
import { readThrown } from './thrown.js';

type Failure = Extract<Outcome, { status: 'failed' }>;

/** A failure under one of our own names. @param data what a program may want to read of it */
export function ownFailure(name: OwnErrorName, message: string, data?: object): Failure {
  return {
    status: 'failed',
    error: name,
    cause: writeCause({ errorType: name, errorMessage: message, data }),
  };
}

/** The failure of a task that the worker's stop cut short. */
export const shutdownFailure = (message: string): Failure => ownFailure(OWN_ERROR.workerShutdown, message);

/**
 * Makes the one failure of anything that was thrown. Never throws.
 * @param warn told where the name is not what the class says.
 */
export function failureOf(thrown: unknown, warn: (message: string) => void): Failure {
  try {
    if (OwnError.is(thrown)) return ownFailure(thrown.reported, thrown.message, thrown.data);
    return Refusal.is(thrown) ? refusalFailure(thrown) : thrownFailure(thrown, warn);
  } catch {
    // Whatever is left to throw here is not worth more than the task's outcome: a logger of the user's, say.
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
