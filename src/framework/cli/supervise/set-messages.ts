import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/layers.js';
import type { MockCall, MockOutcome } from '../../local/resources/mocks.js';
import type { PublicStatus } from '../../base/worker-status.js';
import type { MetricValues } from '../../worker/observe/metrics/summed-metrics.js';
import type { LogFlags } from '../output/log-for.js';
import type { PlanSummary } from './plan-summary.js';

/** The position of a process in its set. */
export interface Membership {
  /** The process's number, from 1. */
  readonly number: number;
  readonly of: number;
}

/** Asks a worker's process to run a worker, with these options. */
export interface RunMessage {
  readonly kind: 'run';
  readonly flags: Flags;
  readonly log: LogFlags;
  /** The process's position in its set; undefined for the worker of `dev`. */
  readonly member: Membership | undefined;
}

/** The messages from the supervising process to a worker's process. */
export type ToWorker =
  | RunMessage
  /**
   * Answers `planned` with the port of the local service; with undefined where the worker connects to another endpoint.
   */
  | { readonly kind: 'connect'; readonly port: number | undefined }
  /** Asks whether these machines agree with the worker's classes. The answer is `checked`. */
  | { readonly kind: 'check'; readonly machines: readonly MachineSource[] }
  | { readonly kind: 'drain' }
  /** Ends the process at once, with all processes that it has started. */
  | { readonly kind: 'end' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'mock'; readonly id: number; readonly call: MockCall; readonly input: unknown };

/** The messages from a worker's process to the supervising process. */
export type FromWorker =
  | { readonly kind: 'planned'; readonly plan: PlanSummary }
  | { readonly kind: 'running'; readonly name: string }
  /** Sent once a second, and at each change of state. */
  | { readonly kind: 'status'; readonly status: PublicStatus }
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly text: string }
  /** Answers `measure`. Also sent when the worker has ended. */
  | { readonly kind: 'measured'; readonly metrics: MetricValues }
  | { readonly kind: 'mocked'; readonly id: number; readonly outcome: MockOutcome };
