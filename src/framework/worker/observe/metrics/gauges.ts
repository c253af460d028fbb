import type { WorkerState } from '../events.js';
import type { WorkerStatus } from '../status.js';
import type { EventLoopDelay } from './event-loop.js';
import type { GaugeName, Labels } from './table.js';

/** One value of a gauge. */
export interface Reading {
  readonly gauge: GaugeName;
  readonly labels: Labels;
  readonly value: number;
}

const STATES: readonly WorkerState[] = ['created', 'running', 'draining', 'stopped', 'failed'];

/** All gauges of a worker, at this moment. */
export function readGauges(status: WorkerStatus, loop: EventLoopDelay): Reading[] {
  const { ready, state, handlers } = status;
  return [
    { gauge: 'stepwright.worker.ready', labels: {}, value: Number(ready) },
    ...STATES.map((each) => reading('stepwright.worker.state', { state: each }, Number(each === state))),
    ...loop
      .read()
      .map(({ quantile, seconds }) => reading('stepwright.event_loop.delay', { quantile }, seconds)),
    ...handlers.flatMap(({ name: handler, concurrency, used, running, undelivered, polls }) => [
      reading('stepwright.slots.limit', { handler }, concurrency),
      reading('stepwright.slots.used', { handler }, used),
      reading('stepwright.handlers.running', { handler }, running),
      reading('stepwright.results.undelivered', { handler }, undelivered),
      reading('stepwright.polls.open', { handler }, polls.open),
      reading('stepwright.polls.target', { handler }, polls.target),
    ]),
  ];
}

const reading = (gauge: GaugeName, labels: Labels, value: number): Reading => ({ gauge, labels, value });
