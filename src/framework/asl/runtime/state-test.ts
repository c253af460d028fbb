import type { Stage } from '../kinds.js';
import type { Json, JsonObject } from '../values/json.js';
import { StateFailure } from './state-failure.js';

/** The mocked outcome of a state's work: of a task, or of all branches or iterations. */
export type MockedOutcome =
  | { readonly kind: 'succeeded'; readonly result: Json }
  | { readonly kind: 'failed'; readonly error: string | undefined; readonly cause: string | undefined };

/** Returns the mocked result. @throws StateFailure if the mock is a failure */
export function mocked(outcome: MockedOutcome): Json {
  if (outcome.kind === 'succeeded') return outcome.result;
  throw new StateFailure(outcome.error, outcome.cause, { missingCause: '' });
}

/** One state that is tested by itself, by the operation TestState. */
export interface StateTest {
  /** Undefined if the state's own work is done. */
  readonly mock: MockedOutcome | undefined;
  /** The context object; undefined to make one up. */
  readonly context: JsonObject | undefined;
  /** The number of retries that the retrier which matches a failure has made already. */
  readonly retries: number;
  /** The number of iterations that count as failed; undefined if no iteration does. */
  readonly failedIterations: number | undefined;
  /** The mocked source of a Map's ItemReader, as text; undefined if none is given. */
  readonly itemData: string | undefined;
  readonly see: (stage: Stage, value: Json) => void;
}

/** Recorded from the live service: the name of the state in the context object, whatever the state is called. */
export const TESTED_STATE = 'StateName';

/** The end of a test. The status is that of the API's answer. */
export type StateTestEnd =
  | { readonly status: 'SUCCEEDED'; readonly output: Json; readonly next: string | undefined }
  | (StateTestFailure & { readonly status: 'FAILED' | 'RETRIABLE' })
  | (StateTestFailure & { readonly status: 'CAUGHT_ERROR'; readonly output: Json; readonly next: string });

interface StateTestFailure {
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly details: ErrorDetails;
}

/** The catcher or the retrier that matched a failure, as the API shows it. */
export interface ErrorDetails {
  readonly catchIndex?: number;
  readonly retryIndex?: number;
  readonly retryBackoffIntervalSeconds?: number;
}
