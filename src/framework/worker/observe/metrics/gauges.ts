import type { WorkerState, WorkerStatus } from '../../../base/worker-status.js';
import type { EventLoopDelay } from './event-loop.js';
import type { GaugeName, Labels } from './table.js';

/** The value of one gauge for one set of labels. */
export interface Reading {
  readonly gauge: GaugeName;
  readonly labels: Labels;
  readonly value: number;
}

const STATES: readonly WorkerState[] = ['created', 'running', 'draining', 'stopped', 'failed'];

/** Reads all gauges of a worker. There is none of the outbox where the worker has no outbox. */
export function readGauges(
  { ready, state, handlers, outbox }: WorkerStatus,
  loop: EventLoopDelay,
): Reading[] {
  return [
    reading('stepwright.worker.ready', {}, Number(ready)),
    ...STATES.map((each) => reading('stepwright.worker.state', { state: each }, Number(each === state))),
    ...(outbox ? [reading('stepwright.outbox.oldest', {}, outbox.oldestMs / 1_000)] : []),
    ...loop
      .read()
      .map(({ percentile, seconds }) => reading('stepwright.event_loop.delay', { percentile }, seconds)),
    ...handlers.flatMap(({ name: handler, concurrency, running, undelivered, polls }) => [
      reading('stepwright.slots.limit', { handler }, concurrency),
      reading('stepwright.handlers.running', { handler }, running),
      reading('stepwright.results.undelivered', { handler }, undelivered),
      reading('stepwright.polls.open', { handler }, polls.open),
    ]),
  ];
}

const reading = (gauge: GaugeName, labels: Labels, value: number): Reading => ({ gauge, labels, value });
