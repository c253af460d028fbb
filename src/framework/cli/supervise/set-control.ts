import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import { shareRate } from '../../declare/rate.js';
import type { ControlAnswer, ControlRequest } from '../control/control-request.js';
import { sumHandlers } from './set-status.js';
import type { WorkerProcess } from './worker-process.js';

/**
 * The most milliseconds to wait for the responses of the processes. It is less than the time for which a connection to
 * the control socket stays open.
 */
const ANSWER_MS = 2_000;

/**
 * Passes requests of the control socket on to all processes of a set. If a request sets the rate of a handler, each
 * process gets an equal share of the rate. A process that is started later gets the same requests.
 */
export class SetControl {
  readonly #count: number;
  readonly #processes: () => Iterable<WorkerProcess>;
  /**
   * The last requests that were accepted, by handler, separately for options and for pauses. They are passed on to new
   * processes.
   */
  readonly #kept = new Map<string, ControlRequest>();

  /** @param processes returns the processes that have not exited */
  constructor(count: number, processes: () => Iterable<WorkerProcess>) {
    this.#count = count;
    this.#processes = processes;
  }

  /**
   * Passes earlier requests on to a new process, which carries them out before its worker runs. To be called with each
   * new process.
   */
  follow(worker: WorkerProcess): void {
    for (const request of this.#kept.values()) void worker.control(request);
  }

  async apply(request: ControlRequest): Promise<ControlAnswer> {
    const shared = shareOf(request, this.#count);
    const running = [...this.#processes()].filter(({ status }) => status);
    const given: ControlAnswer[] = [];
    const asked = running.map(async (worker) => {
      const answer = await worker.control(shared);
      if (answer) given.push(answer);
    });
    // A process whose main thread is blocked does it when it turns again.
    await within(systemClock, ANSWER_MS, Promise.all(asked));
    const refused = given.find((answer) => 'error' in answer);
    if (refused) return refused;
    if (given.length === 0) return { error: 'no process of the set runs' };
    this.#keep(shared);
    // A process that is starting may not answer for long.
    for (const worker of this.#processes()) if (!running.includes(worker)) void worker.control(shared);
    return { handlers: sumHandlers(given.flatMap((answer) => ('handlers' in answer ? answer : []))) };
  }

  #keep(request: ControlRequest): void {
    if (request.do === 'status') return;
    const key = `${request.do === 'configure' ? 'configure' : 'pause'} ${request.handler}`;
    const before = this.#kept.get(key);
    const options = before?.do === 'configure' ? before.options : {};
    this.#kept.set(
      key,
      request.do === 'configure' ? { ...request, options: { ...options, ...request.options } } : request,
    );
  }
}

function shareOf(request: ControlRequest, count: number): ControlRequest {
  if (request.do !== 'configure' || typeof request.options.rate !== 'string') return request;
  return { ...request, options: { ...request.options, rate: shareRate(request.options.rate, count) } };
}
