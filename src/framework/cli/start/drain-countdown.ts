import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import type { HandlerStatus, WorkerStatus } from '../../base/worker-status.js';
import { POLL_LIMIT_MS } from '../../worker/poll/poll-record.js';
import { REPORT_AFTER_GRACE_MS, type Worker } from '../../worker/worker.js';

/**
 * The milliseconds after which the first log line about a drain is written. A worker that drains finishes its tasks and
 * takes no more. Further lines follow every EACH_MS milliseconds.
 */
const FIRST_MS = 1_000;
const EACH_MS = 5_000;

/**
 * From now on, when the worker drains (finishes its running tasks and takes no more), logs regularly which tasks and
 * polls it waits for and how long that can take, until the worker has stopped.
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
  const tasks = counted(handlers, ['running task', 'running tasks'], ({ running }) => running);
  const polls = counted(handlers, ['open poll', 'open polls'], ({ polls: { open } }) => open);
  const results = counted(
    handlers,
    ['unreported result', 'unreported results'],
    ({ undelivered }) => undelivered,
  );
  const told = elapsedMs < graceMs ? `told to end in ${left(graceMs)}` : 'told to end';
  return [
    ...(tasks ? [`${tasks}: ${told}`] : []),
    ...(polls ? [`${polls}: ${left(POLL_LIMIT_MS)} at most`] : []),
    ...(results ? [`${results}: ${left(graceMs + REPORT_AFTER_GRACE_MS)} at most`] : []),
  ];
}

/** Returns a count as text, such as `2 running tasks (Orders.run)`; undefined if the count is zero. */
function counted(
  handlers: readonly HandlerStatus[],
  [one, many]: readonly [one: string, many: string],
  count: (handler: HandlerStatus) => number,
): string | undefined {
  const those = handlers.filter((each) => count(each) > 0);
  const sum = those.reduce((all, each) => all + count(each), 0);
  if (sum === 0) return undefined;
  return `${sum} ${sum === 1 ? one : many} (${those.map(({ name }) => name).join(', ')})`;
}
