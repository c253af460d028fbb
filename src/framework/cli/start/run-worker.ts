import { type Clock, systemClock } from '../../base/time/clock.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { Logger } from '../../base/log/log.js';
import { buildWorker } from '../../worker/build/create-worker.js';
import { type CheckedPlan, checkPlan } from '../../worker/build/check-plan.js';
import type { StartWorld } from '../../worker/build/start-world.js';
import type { Plan } from '../../worker/build/plan.js';
import { REPORT_AFTER_GRACE_MS, type Worker } from '../../worker/worker.js';
import { watchExit } from '../process/exit.js';
import type { TaskLog } from './task-log.js';
import { runUserCode } from '../process/user-code.js';
import type { HandlerStatus, WorkerStatus } from '../../base/worker-status.js';
import { POLL_LIMIT_MS } from '../../worker/poll/poll.js';
import { startedBy, UNCAUGHT, UNHANDLED } from '../../worker/handler/unhandled-errors.js';

interface CheckOptions extends Pick<StartWorld, 'log' | 'module' | 'beforePoll'> {
  /** Cancels the start when it aborts. */
  readonly stop: AbortSignal;
}

const USER_CODE = { code: 'SETUP_FAILED', where: 'setup or observe' } as const;

/**
 * Checks the plan of the worker that this process runs. User code that exits the process meanwhile is reported.
 * @throws StartError before anything runs
 */
export const checkPlanHere = (
  plan: Plan,
  { log, module, beforePoll, stop }: CheckOptions,
): Promise<CheckedPlan> =>
  runUserCode(USER_CODE, () =>
    checkPlan(plan, { clock: systemClock, random: Math.random, log, module, beforePoll, signal: stop }),
  );

interface RunOptions {
  readonly taskLog: TaskLog;
  /** Stops the worker when it aborts. */
  readonly stop: AbortSignal;
}

/**
 * Builds the worker of a plan and runs it until `stop` aborts. From now on, if user code exits the process or throws an
 * error that nobody catches, that is handled here.
 * @param announce called before the worker runs, which waits for it
 * @returns the exit code
 * @throws StartError before the worker runs
 */
export async function runWorker(
  checked: CheckedPlan,
  endpoint: Endpoint,
  { stop, taskLog }: RunOptions,
  announce: (worker: Worker) => void | Promise<void>,
): Promise<number> {
  const { log, clock } = checked.world;
  try {
    const worker = await runUserCode(USER_CODE, () => buildWorker(checked, endpoint));
    watchExit(() => worker.status());
    countDownDrain(worker, { log, clock, graceMs: checked.plan.settings.graceMs });
    const errors = watchUserErrors(log, () => void worker.stop());
    await announce(worker);
    void taskLog.follow(worker, endpoint);
    await worker.run({ signal: stop });
    return errors.uncaught === undefined ? 0 : 1;
  } finally {
    await taskLog.close();
  }
}

/**
 * The milliseconds after which the first log line about a drain is written. A worker that drains finishes its tasks and
 * takes no more. Further lines follow every EACH_MS milliseconds.
 */
const FIRST_MS = 1_000;
const EACH_MS = 5_000;

/**
 * From now on, when the worker drains, logs regularly which tasks and polls it waits for and how long that can take,
 * until the worker has stopped.
 */
export function countDownDrain(
  worker: Pick<Worker, 'on' | 'status'>,
  { log, clock, graceMs }: { log: Logger; clock: Clock; graceMs: number },
): void {
  let cancel = (): void => {};
  worker.on('state', ({ to }) => {
    cancel();
    if (to !== 'draining') return;
    const began = clock.now();
    const report = (): void => {
      const waits = waitsFor(worker.status(), graceMs, clock.now() - began);
      if (waits.length > 0) log.info(`the drain waits for ${waits.join(', and for ')}`);
      cancel = clock.after(EACH_MS, report);
    };
    cancel = clock.after(FIRST_MS, report);
  });
}

/**
 * Returns texts that say which tasks and polls a drain waits for and how long that can take. @param elapsedMs the
 * milliseconds since the drain began
 */
function waitsFor({ handlers }: WorkerStatus, graceMs: number, elapsedMs: number): string[] {
  const left = (limitMs: number): string => `${Math.max(0, Math.ceil((limitMs - elapsedMs) / 1000))} s`;
  const counted = (one: string, limit: string, count: (handler: HandlerStatus) => number): string[] => {
    const those = handlers.filter((each) => count(each) > 0);
    const sum = those.reduce((all, each) => all + count(each), 0);
    const names = those.map(({ name }) => name).join(', ');
    return sum === 0 ? [] : [`${sum} ${sum === 1 ? one : `${one}s`} (${names}): ${limit}`];
  };
  const told = elapsedMs < graceMs ? `told to end in ${left(graceMs)}` : 'told to end';
  const reported = `${left(graceMs + REPORT_AFTER_GRACE_MS)} at most`;
  return [
    ...counted('running task', told, ({ running }) => running),
    ...counted('open poll', `${left(POLL_LIMIT_MS)} at most`, ({ polls: { open } }) => open),
    ...counted('unreported result', reported, ({ undelivered }) => undelivered),
  ];
}

/**
 * From now on, logs uncaught errors of user code, which would end the process and all its tasks. After an uncaught
 * exception, whose effects are unknown, the worker finishes its running tasks and the process exits.
 * @param drain makes the worker finish its running tasks and take no more
 * @returns the first uncaught exception; undefined while there is none
 */
function watchUserErrors(log: Logger, drain: () => void): { readonly uncaught: unknown } {
  const seen = { uncaught: undefined as unknown };
  let count = 0;
  process.on('unhandledRejection', (reason) => {
    count++;
    log.error({ ...startedBy(), err: reason, count }, UNHANDLED);
  });
  process.on('uncaughtException', (error) => {
    seen.uncaught ??= error;
    log.error({ ...startedBy(), err: error }, UNCAUGHT);
    drain();
  });
  return seen;
}
