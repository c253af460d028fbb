import { writeCause } from './cause.js';
import type { Outcome } from './outcome.js';
import { Refusal, type OwnErrorName } from './refusal.js';
import { readThrown } from './thrown.js';

type Failure = Extract<Outcome, { status: 'failed' }>;

/** A failure under one of our own names. */
export function ownFailure(name: OwnErrorName, message: string): Failure {
  return { status: 'failed', error: name, cause: writeCause({ errorType: name, errorMessage: message }) };
}

/**
 * Makes the one failure of anything that was thrown. Never throws.
 * @param warn told where the name is not what the class says.
 */
export function failureOf(thrown: unknown, warn: (message: string) => void): Failure {
  if (Refusal.is(thrown)) return refusalFailure(thrown);
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
