import type { WorkerStatus } from '../../base/worker-status.js';
import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/layers.js';
import type { MockCall, MockOutcome } from '../../local/mocks.js';
import type { LogFlags } from '../output/log-for.js';
import type { PlanSummary } from './plan-summary.js';

/** Asks a worker's process to run a worker with these options. */
export interface RunMessage {
  readonly kind: 'run';
  readonly flags: Flags;
  readonly log: LogFlags;
}

/** The messages from `dev` to a worker's process. */
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
  | {
      readonly kind: 'mock';
      readonly id: number;
      readonly call: Omit<MockCall, 'signal'>;
      readonly input: unknown;
    }
  /** Nobody waits any more for the response of the mock with this id. */
  | { readonly kind: 'cut'; readonly id: number };

/** The messages from a worker's process to `dev`. */
export type FromWorker =
  | { readonly kind: 'planned'; readonly plan: PlanSummary }
  | { readonly kind: 'running'; readonly name: string }
  /** Sent once a second, and whenever the worker's state changes. */
  | { readonly kind: 'status'; readonly status: WorkerStatus }
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'mocked'; readonly id: number; readonly outcome: MockOutcome };
