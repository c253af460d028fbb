/** The header by which an answer of the local service differs from those of other endpoints. */
export const SERVICE_HEADER = 'x-stepwright-service';

/** The target of an operation that Step Functions does not have: it ends the polls of `{ workerName }`. */
export const END_POLLS = 'StepwrightLocal.EndPolls';
