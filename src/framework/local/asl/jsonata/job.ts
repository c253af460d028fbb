import type { Bindings } from './evaluator.js';

/** An evaluation for a thread. `now` is in epoch milliseconds. */
export interface Job {
  readonly source: string;
  readonly bindings: Bindings;
  readonly now: number;
}

/** What a thread says when it begins with a job. */
export const BEGUN = 'begun';
