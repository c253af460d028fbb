/** The response header that only the local service sends, so that a client can tell it from other endpoints. */
export const SERVICE_HEADER = 'x-stepwright-service';

/**
 * The `x-amz-target` of an operation that Step Functions does not have: it ends the polls of the worker `{ workerName
 * }`.
 */
export const END_POLLS = 'StepwrightLocal.EndPolls';
