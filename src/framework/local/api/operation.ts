import type { StepFunctions } from '../engine/step-functions.js';
import type { Body } from './request-validation.js';

export interface Call {
  readonly operation: string;
  readonly body: Body;
  /** The region that the request was signed for; us-east-1 for an unsigned request. */
  readonly region: string;
  /** The longest that a poll stays open after its connection has closed, in milliseconds. */
  readonly closedWindowMs: number;
  /** Sets a callback for the case that the caller's connection closes before the answer. */
  readonly onClosed: (callback: () => void) => void;
}

/** Runs an operation, and returns the body of its answer. @throws ServiceError for an error of the API */
export type Operation = (call: Call, stepFunctions: StepFunctions) => object | Promise<object>;
