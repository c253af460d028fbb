import { systemClock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { buildWorker } from '../../worker/build/create-worker.js';
import type { StartWorld } from '../../worker/build/start-world.js';
import type { Plan } from '../../worker/build/plan.js';
import type { Worker } from '../../worker/worker.js';
import { countDownDrain } from './drain-countdown.js';
import { watchExit } from '../process/exit.js';
import { runUserCode } from '../process/user-code.js';
import { watchUserErrors } from './user-errors.js';

/**
 * The options with which a command runs its worker, in addition to the plan (the settings and handlers that were read).
 */
export interface RunOptions extends Pick<StartWorld, 'module' | 'connectTo' | 'beforePoll'> {
  readonly log: Logger;
  /** Stops the worker when it aborts. */
  readonly stop: AbortSignal;
}

/**
 * Builds a worker by a plan (the settings and handlers that were read) and runs it until `stop` aborts. From now on, if
 * user code exits the process or throws an error that nobody catches, that is handled here.
 * @param announce called with the worker before it runs; the worker runs when the promise it returns has resolved
 * @returns the exit code
 * @throws StartError before anything runs
 */
export async function runWorker(
  plan: Plan,
  { stop, log, ...options }: RunOptions,
  announce: (worker: Worker) => void | Promise<void>,
): Promise<number> {
  try {
    const world = { clock: systemClock, random: Math.random, log, signal: stop, ...options };
    const worker = await runUserCode({ code: 'SETUP_FAILED', where: 'setup or observe' }, () =>
      buildWorker(plan, world),
    );
    watchExit(() => worker.status());
    countDownDrain(worker, { log, clock: systemClock, graceMs: plan.settings.graceMs });
    const errors = watchUserErrors(log, () => void worker.stop());
    await announce(worker);
    await worker.run({ signal: stop });
    return errors.uncaught === undefined ? 0 : 1;
  } catch (error) {
    // A worker that hasn't started has no tasks, so a signal may interrupt the start.
    if (stop.aborted && error === stop.reason) return 0;
    throw error;
  }
}
