import type { Worker } from '../../worker/worker.js';
import type { ControlAnswer, ControlRequest } from './control-request.js';

/**
 * Carries out a request of the control socket on a worker. @throws RangeError if there is no such handler, or the value
 * of an option is invalid
 */
export function controlWorker(worker: Worker, request: ControlRequest): ControlAnswer {
  if (request.do === 'configure') worker.configure(request.handler, request.options);
  else if (request.do !== 'status') worker[request.do](request.handler);
  return { handlers: worker.status().handlers };
}
