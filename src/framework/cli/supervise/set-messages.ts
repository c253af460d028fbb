import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/layers.js';
import type { MockCall, MockOutcome } from '../../local/resources/mocks.js';
import type { PublicStatus } from '../../base/worker-status.js';
import type { MetricValues } from '../../worker/observe/metrics/summed.js';
import type { LogFlags } from '../output/log-for.js';
import type { SeededHandler } from '../local/seed.js';

/** Which process of a set one is. */
export interface Membership {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/** What the process of a worker is to run. */
export interface RunMessage {
  readonly kind: 'run';
  readonly flags: Flags;
  readonly log: LogFlags;
  /** Undefined for the one worker of `dev`. */
  readonly member: Membership | undefined;
}

/** What whoever began it tells the process of a worker. */
export type ToWorker =
  | RunMessage
  /** The answer to `planned`: the local service is there. Undefined where it is to connect elsewhere. */
  | { readonly kind: 'connect'; readonly port: number | undefined }
  /** Of machines that changed under a running worker: what they and its classes do not agree in. */
  | { readonly kind: 'check'; readonly machines: readonly MachineSource[] }
  | { readonly kind: 'drain' }
  /** It is to end at once, with all that it started. */
  | { readonly kind: 'end' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'mock'; readonly id: number; readonly call: MockCall; readonly input: unknown };

/** What the process of a worker tells whoever began it. */
export type FromWorker =
  | { readonly kind: 'planned'; readonly planned: PlanSummary }
  | { readonly kind: 'running'; readonly name: string }
  /** Once a second, for the console. */
  | { readonly kind: 'status'; readonly status: PublicStatus }
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly text: string }
  /** Its metrics: when it is asked for them, and at its end. */
  | { readonly kind: 'measured'; readonly metrics: MetricValues }
  | { readonly kind: 'mocked'; readonly id: number; readonly outcome: MockOutcome };

/** What a worker's project says of what stands around it. */
export interface PlanSummary {
  /** Where it connects, for people. */
  readonly endpoint: string;
  /** Where the local service is to listen; undefined at any other endpoint. */
  readonly port: number | undefined;
  readonly projectDir: string;
  /** The compiled files that activities were taken from. */
  readonly files: readonly string[];
  /** The globs of machines, and whether they are nobody's own. */
  readonly machines: { readonly globs: readonly string[]; readonly from: string };
  readonly handlers: readonly SeededHandler[];
  /** By the ARNs of activities: an input that the handler would take, as JSON. */
  readonly examples: Readonly<Record<string, string>>;
  /** The keys of `mocks`. What they answer only the worker's process can say. */
  readonly mocks: readonly string[];
  /** Where probes are to be answered, which none of several workers does by itself. */
  readonly healthPort: number | string | undefined;
  readonly graceMs: number;
  readonly stallAfterMs: number | false;
}
