import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/layers.js';
import type { MockCall, MockOutcome } from '../../local/resources/mocks.js';
import type { PublicStatus } from '../../base/worker-status.js';
import type { MetricValues } from '../../worker/observe/metrics/summed-metrics.js';
import type { ControlAnswer, ControlRequest } from '../control/control-request.js';
import type { LogFlags } from '../output/log-for.js';
import type { PlanSummary } from './plan-summary.js';

/** The number of a worker process in the set that runs the same worker, and the size `of` the set. */
export interface Membership {
  /** The process's number, counted from 1. */
  readonly number: number;
  readonly of: number;
}

/** Asks a worker's process to run a worker with these options. */
export interface RunMessage {
  readonly kind: 'run';
  readonly flags: Flags;
  readonly log: LogFlags;
  /** The process's number in its set, and the size of the set; undefined for the worker of the command `dev`. */
  readonly member: Membership | undefined;
}

/** The messages from the supervising process to a worker's process. */
export type ToWorker =
  | RunMessage
  /**
   * The reply to `planned`, which means that the process may connect: to the local service on this port or, if the port
   * is undefined, to the configured endpoint.
   */
  | { readonly kind: 'connect'; readonly port: number | undefined }
  /**
   * Requests the disagreements between these state machines and the worker's classes. The reply is a `checked` message.
   */
  | { readonly kind: 'check'; readonly machines: readonly MachineSource[] }
  | { readonly kind: 'drain' }
  /** Ends the process at once, and all processes that it has started. */
  | { readonly kind: 'end' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'control'; readonly id: number; readonly request: ControlRequest }
  | { readonly kind: 'mock'; readonly id: number; readonly call: MockCall; readonly input: unknown };

/** The messages from a worker's process to the supervising process. */
export type FromWorker =
  | { readonly kind: 'planned'; readonly plan: PlanSummary }
  | { readonly kind: 'running'; readonly name: string }
  /** Sent once a second, and whenever the worker's state changes. */
  | { readonly kind: 'status'; readonly status: PublicStatus }
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly text: string }
  /** The reply to `measure`, with the worker's metrics. It is also sent when the worker has ended. */
  | { readonly kind: 'measured'; readonly metrics: MetricValues }
  /** The reply to the message `control` with this id. */
  | { readonly kind: 'controlled'; readonly id: number; readonly answer: ControlAnswer }
  | { readonly kind: 'mocked'; readonly id: number; readonly outcome: MockOutcome };
