import { failureOf } from '../../parts/failure-fields.js';
import type { Operations } from '../../service/operations.js';

/** A test of one state, as the user has written it so far. Input, variables and result are JSON. */
export interface Trial {
  readonly input: string;
  readonly variables: string;
  /** The stand-in for the work of the state. */
  readonly mock: 'none' | 'result' | 'failure';
  readonly result: string;
  readonly error: string;
  readonly cause: string;
}

type Request = Operations['TestState']['request'];

/** Returns the part of the request that the user decides. */
export function requestOf(trial: Trial): Omit<Request, 'definition' | 'stateName' | 'roleArn'> {
  const { input, variables, mock, result } = trial;
  return {
    input,
    variables,
    inspectionLevel: 'DEBUG',
    ...(mock === 'result' && { mock: { result } }),
    ...(mock === 'failure' && { mock: { errorOutput: failureOf(trial) } }),
  };
}
