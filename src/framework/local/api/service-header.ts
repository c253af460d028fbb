/**
 * A response header that only the local service sends. By it a client can tell the local service from other endpoints.
 */
export const SERVICE_HEADER = 'x-stepwright-service';

/**
 * The `x-amz-target` of an operation that only the local service has. It ends the polls of the worker that `workerName`
 * in the body names.
 */
export const END_POLLS = 'StepwrightLocal.EndPolls';
