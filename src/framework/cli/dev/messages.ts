import type { WorkerStatus } from '../../base/worker-status.js';
import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/sources.js';
import type { ResourceAnswer } from '../../asl/runtime/resource.js';
import type { MockCall } from '../../local/resources/mocks.js';
import type { LogFlags } from '../flags/log-flags.js';
import type { ServiceSettings } from '../local/project-answers.js';
import { showEndpoint } from '../../aws/endpoint.js';
import { type ConsoleInput, consoleInput } from '../local/console.js';
import type { Plan } from '../../worker/build/plan.js';
import { localArn, type SeededHandler, seededHandlers } from '../local/seed.js';

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
  /** The response of the mock with this id is no longer needed. */
  | { readonly kind: 'cut'; readonly id: number };

/** The messages from a worker's process to `dev`. */
export type FromWorker =
  | { readonly kind: 'planned'; readonly plan: PlanSummary }
  | { readonly kind: 'running'; readonly name: string }
  /** Sent once a second, and whenever the worker's state changes. */
  | { readonly kind: 'status'; readonly status: WorkerStatus }
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'mocked'; readonly id: number; readonly outcome: ResourceAnswer };

/** The part of a worker's plan that `dev` needs. */
export interface PlanSummary {
  /** The endpoint, as messages show it. */
  readonly endpoint: string;
  /** The configured port of the local service; undefined if the worker connects to another endpoint. */
  readonly port: number | undefined;
  readonly projectDir: string;
  /** The compiled files that define activities. */
  readonly files: readonly string[];
  /** The globs that match state machines, and their origin, such as a flag or the config. */
  readonly machines: { readonly globs: readonly string[]; readonly from: string };
  /** The configured region; undefined if the SDK decides it. */
  readonly region: string | undefined;
  readonly handlers: readonly SeededHandler[];
  /** The schemas of the handlers' inputs for the console, by the ARN of the activity. */
  readonly inputs: Readonly<Record<string, ConsoleInput>>;
  /** The keys of the config's `mocks`. The mocks themselves run in the worker's process. */
  readonly mocks: readonly string[];
  /** The other options that concern the local service. */
  readonly settings: Omit<ServiceSettings, 'port' | 'mocks'>;
  /** True if the option `healthPort` is set. Workers of `dev` open no health port. */
  readonly wantsHealthPort: boolean;
  readonly graceMs: number;
}

/** Returns the summary of a plan. @param projectDir the folder of the nearest package.json */
export function planSummary({ endpoint, settings, handlers, files }: Plan, projectDir: string): PlanSummary {
  const { port, region, machines, origins, mocks, graceMs } = settings;
  const { lambdas, httpHosts, s3, keptExecutions, keptBytes } = settings;
  return {
    endpoint: endpoint ? showEndpoint(endpoint) : '',
    port: endpoint?.kind === 'local' ? port : undefined,
    projectDir,
    files,
    machines: { globs: machines, from: origins.machines.from },
    region,
    handlers: seededHandlers(handlers, region),
    inputs: Object.fromEntries(
      handlers.map(({ definition }) => [localArn(definition.activity, region), consoleInput(definition)]),
    ),
    mocks: Object.keys(mocks),
    settings: { lambdas, httpHosts, s3, keptExecutions, keptBytes },
    wantsHealthPort: settings.healthPort !== undefined,
    graceMs,
  };
}
