import type {
  OutboxStatus,
  ProtectionState,
  ProtectionStatus,
  WorkerState,
} from '../../../base/worker-status.js';
import type { TaskStatus, WorkerStatus } from '../status.js';
import type { EventLoopDelay } from './event-loop.js';
import type { GaugeName, Labels } from './table.js';

/** The value of one gauge for one set of labels. */
export interface Reading {
  readonly gauge: GaugeName;
  readonly labels: Labels;
  readonly value: number;
}

const STATES: readonly WorkerState[] = ['created', 'running', 'draining', 'stopped', 'failed'];

const PROTECTION: readonly ProtectionState[] = ['free', 'wanted', 'held'];

/** Reads all gauges of a worker. @param now epoch milliseconds */
export function readGauges(status: WorkerStatus, loop: EventLoopDelay, now: number): Reading[] {
  const { ready, state, handlers, tasks } = status;
  return [
    { gauge: 'stepwright.worker.ready', labels: {}, value: Number(ready) },
    ...STATES.map((each) => reading('stepwright.worker.state', { state: each }, Number(each === state))),
    ...readProtection(status.protection),
    ...readOutbox(status.outbox),
    ...loop
      .read()
      .map(({ percentile, seconds }) => reading('stepwright.event_loop.delay', { percentile }, seconds)),
    ...handlers.flatMap(({ name: handler, concurrency, used, running, undelivered, polls }) => [
      reading('stepwright.slots.limit', { handler }, concurrency),
      reading('stepwright.slots.used', { handler }, used),
      reading('stepwright.handlers.running', { handler }, running),
      reading('stepwright.results.undelivered', { handler }, undelivered),
      reading('stepwright.polls.open', { handler }, polls.open),
      reading('stepwright.polls.target', { handler }, polls.target),
      ...progressOf(tasks, handler, now),
    ]),
  ];
}

/**
 * Returns the gauges of a worker's scale-in protection. Returns an empty list if the worker doesn't request protection.
 */
const readProtection = (protection: ProtectionStatus | undefined): Reading[] =>
  protection
    ? PROTECTION.map((state) =>
        reading('stepwright.worker.protection', { state }, Number(state === protection.state)),
      )
    : [];

const readOutbox = (outbox: OutboxStatus | undefined): Reading[] =>
  outbox
    ? [
        reading('stepwright.outbox.keeps', {}, Number(outbox.keeps)),
        reading('stepwright.outbox.waiting', {}, outbox.waiting),
        reading('stepwright.outbox.oldest', {}, outbox.oldestMs / 1_000),
      ]
    : [];

/**
 * Returns two gauges of a handler: the progress of its task that is least far along, and the longest time since one of
 * its tasks last reported progress. There is no gauge for each task, since thousands of tasks may run. Returns an empty
 * list if no task has reported progress.
 */
function progressOf(tasks: readonly TaskStatus[], handler: string, now: number): Reading[] {
  const said = tasks.flatMap((task) => (task.handler === handler && task.progress ? [task.progress] : []));
  const fractions = said.flatMap(({ fraction }) => fraction ?? []);
  return [
    ...(fractions.length > 0
      ? [
          reading(
            'stepwright.progress.least',
            { handler },
            fractions.reduce((a, b) => Math.min(a, b)),
          ),
        ]
      : []),
    ...(said.length > 0
      ? [
          reading(
            'stepwright.progress.age',
            { handler },
            said.reduce((most, { at }) => Math.max(most, now - at), 0) / 1000,
          ),
        ]
      : []),
  ];
}

const reading = (gauge: GaugeName, labels: Labels, value: number): Reading => ({ gauge, labels, value });
