import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../base/log/log.js';
import type { Parent } from '../engine/execution.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Names } from './host-check.js';
import type { BodyReader } from './request-body.js';
import type { Checker } from './request-validation.js';

/** One call of an operation. */
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
  /** The state that makes the call; absent if a request does. */
  readonly parent?: Parent;
}

/**
 * Runs an operation of the API, and returns the body of the response.
 * @throws ServiceError if the response is an error of the API
 */
export type Operation = (call: Call, stepFunctions: StepFunctions) => object | Promise<object>;

/** Handles the HTTP requests that aren't calls of the API. `isFor` returns true for such a request. */
export interface RequestHandler {
  isFor(request: IncomingMessage): boolean;
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What all handlers of a local service's requests share. */
export interface Service {
  readonly stepFunctions: StepFunctions;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly bodies: BodyReader;
  readonly names: Names;
  /** Returns true if the request's Host and Origin are allowed in a call of the API. */
  readonly isAllowed: (request: IncomingMessage) => boolean;
  readonly log: Logger;
}
