import { publicStatus } from '../../worker/health/health-pages.js';
import type { Worker } from '../../worker/worker.js';
import type { ControlAnswer, ControlRequest } from './control-request.js';

/** Does with a worker what a request says. @throws RangeError if there is no such handler, or an option is refused */
export function controlWorker(worker: Worker, request: ControlRequest): ControlAnswer {
  if (request.do === 'configure') worker.configure(request.handler, request.options);
  else if (request.do !== 'status') worker[request.do](request.handler);
  return { handlers: publicStatus(worker.status()).handlers };
}
