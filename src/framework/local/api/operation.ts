import type { StepFunctions } from '../engine/step-functions.js';
import type { Body } from './request-validation.js';

export interface Call {
  readonly operation: string;
  readonly body: Body;
  /** The region in the request's signature; us-east-1 if the request isn't signed. */
  readonly region: string;
  /** The most milliseconds that a poll stays open after its connection has closed. */
  readonly closedWindowMs: number;
  /** Sets a function that is called if the caller's connection closes before the answer is sent. */
  readonly onClosed: (callback: () => void) => void;
}

/** Runs an operation, and returns the body of its answer. @throws ServiceError if the answer is an error of the API */
export type Operation = (call: Call, stepFunctions: StepFunctions) => object | Promise<object>;
