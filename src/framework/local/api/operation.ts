import type { StepFunctions } from '../engine/step-functions.js';
import type { Body } from './request-validation.js';

/** One request. */
export interface Call {
  readonly operation: string;
  readonly body: Body;
  /** The region that the request was signed for; us-east-1 where it was not. */
  readonly region: string;
  /** How long the call stays in place after its connection has closed, in milliseconds. */
  readonly closedWindowMs: number;
  /** Calls back when the connection closes before the answer. */
  readonly onClosed: (callback: () => void) => void;
}

/** Does what was asked, and gives the answer's body. Throws a ServiceError for an error of the API. */
export type Operation = (call: Call, stepFunctions: StepFunctions) => object | Promise<object>;
