import type { StepFunctions } from '../engine/step-functions.js';
import type { Checker } from './request-validation.js';

export interface Call {
  readonly operation: string;
  /** Reads the fields of the request. */
  readonly checker: Checker;
  /** The region for which the request is signed; us-east-1 if it isn't signed. */
  readonly region: string;
  /** How long a GetActivityTask call stays open in the service after its connection has closed, in milliseconds. */
  readonly closedWindowMs: number;
  /** Sets a function to call if the client's connection closes before the response is sent. */
  readonly onClosed: (callback: () => void) => void;
}

/**
 * Runs an operation of the API, and returns the body of the response.
 * @throws ServiceError if the response is an error of the API
 */
export type Operation = (call: Call, stepFunctions: StepFunctions) => object | Promise<object>;
