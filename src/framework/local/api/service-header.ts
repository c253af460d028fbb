/** By this header of every answer of its API the local service tells that it is one, which no other endpoint has. */
export const SERVICE_HEADER = 'x-stepwright-service';

/** The target of the one operation that is no operation of Step Functions: `{ workerName }` has its polls answered. */
export const END_POLLS = 'StepwrightLocal.EndPolls';
