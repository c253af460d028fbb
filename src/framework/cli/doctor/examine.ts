import type { Clock } from '../../base/time/clock.js';
import type { ActivityRef } from '../../declare/definition.js';
import type { Environment } from '../../base/environment.js';
import { type Endpoint, isLoopback, showEndpoint } from '../../aws/endpoint.js';
import type { ServiceQueries } from '../../aws/queries/service-queries.js';
import { canSimulate } from '../../aws/queries/policy-simulator.js';
import type { QueryResult, RegionQueries } from '../../aws/queries/region-queries.js';
import { readAddress } from '../../config/address.js';
import { regionOf } from '../../worker/build/find-activities.js';
import type { Plan, PlannedHandler } from '../../worker/build/plan.js';
import { lookAtActivities } from './activity-lookup.js';
import { type InRegion, lookAtConnections } from './connections.js';
import type { Problem } from '../../base/errors.js';
import { lookAtMetadata, lookAtProblems, lookAtWarnings } from './declared.js';
import { type Finding, fault, unknown } from './finding.js';
import { lookAtHeartbeats, readKeptMachines, type ReadMachine } from './heartbeat-intervals.js';
import { lookAtCopies, lookAtNode, lookAtTelemetry } from './installation.js';
import { lookAtPolls, lookAtTaskCalls } from './permissions.js';
import { lookAtHealthPort, lookAtLocalPort } from './ports.js';
import { lookAtVariables } from './variables.js';
import { isReached, isSigned, lookAtAnswer, lookAtCredentials } from './reach.js';
import { lookAtProtection } from './protection.js';
import { lookAtStores } from './stores.js';
import { longestSeen, lookAtLongTasks } from './stop/long-tasks.js';
import { lookAtStop, type StopLimit, stopLimitOf } from './stop/stopping.js';

/** The project to examine. */
export interface ExaminedProject {
  readonly plan: Plan;
  /** The folder of the nearest package.json. */
  readonly projectDir: string;
  /** Mistakes that don't prevent a worker from starting. */
  readonly warnings: readonly Problem[];
  /** The state machines that the command `start` would load into its local service (an emulator of Step Functions). */
  readonly machines: readonly ReadMachine[];
  /** Returns the ARN that an activity has in the local service (an emulator of Step Functions). */
  readonly localArn: (activity: ActivityRef) => string;
}

/** Facts about this machine and this process, on which the findings depend. */
export interface Host {
  readonly clock: Clock;
  readonly env: Environment;
  /** The version of Node, `process.versions.node`. */
  readonly nodeVersion: string;
  /** The limit of `ulimit -n`; undefined if it isn't known. */
  readonly openFiles: number | undefined;
  /** The milliseconds that the platform waits between SIGTERM and SIGKILL; absent if the user hasn't given them. */
  readonly stopTimeoutMs?: number;
}

/**
 * Examines everything that a worker needs. Doesn't start a worker or run `setup`, changes nothing in Step Functions and
 * takes no task. Writes one record to each store of the config, and removes it. Mistakes are returned as findings, not
 * thrown.
 */
export async function examine(project: ExaminedProject, host: Host): Promise<Finding[]> {
  const { plan, projectDir, warnings } = project;
  return [
    lookAtNode(host.nodeVersion),
    ...lookAtProblems(plan.problems),
    ...lookAtWarnings(warnings),
    ...lookAtMetadata(plan.handlers),
    ...lookAtCopies(plan.problems),
    ...lookAtTelemetry(projectDir),
    await lookAtStop(plan.settings.graceMs, host),
    ...(await lookAtProtection(plan.settings.protect, host)),
    ...(await lookAtHealth(plan.settings.healthPort, host.clock)),
    ...(await lookAtStores(plan, host.clock)),
    ...(plan.endpoint ? await lookAtService(project, plan.endpoint, host) : []),
  ];
}

async function lookAtHealth(healthPort: number | string | undefined, clock: Clock): Promise<Finding[]> {
  const address = healthPort === undefined ? undefined : readAddress(healthPort);
  return address ? [await lookAtHealthPort(address, clock)] : [];
}

/** Examines Step Functions at an endpoint, and the limits that depend on the endpoint. */
async function lookAtService(project: ExaminedProject, endpoint: Endpoint, host: Host): Promise<Finding[]> {
  const { ServiceQueries } = await import('../../aws/queries/service-queries.js');
  const { settings, handlers } = project.plan;
  const { clock, openFiles } = host;
  const { requestHandler } = settings.sdk;
  const service = new ServiceQueries({ endpoint, sdk: settings.sdk, region: settings.region, clock });
  try {
    const { regions, missing } = await sortByRegion(handlers, service);
    const credentials = await service.credentials(regions[0]?.region);
    const findings = [
      ...lookAtVariables(host.env, endpoint, requestHandler !== undefined),
      ...(await lookAtConnections(project.plan, endpoint, regions, openFiles)),
      ...missing,
      lookAtCredentials(credentials, endpoint, clock.now()),
    ];
    // Without credentials, every other call would fail for the same reason.
    if ('failure' in credentials) return [...findings, notAsked(endpoint)];
    for (const each of regions) {
      const queries = await service.forRegion(each.region);
      findings.push(...(await lookAtRegion(project, { ...each, endpoint, queries, host })));
    }
    return findings;
  } finally {
    service.close();
  }
}

/** A region in which handlers poll, and the queries by which Step Functions is examined there. */
interface Region extends InRegion {
  readonly endpoint: Endpoint;
  readonly queries: RegionQueries;
  readonly host: Host;
}

async function lookAtRegion(
  project: ExaminedProject,
  { endpoint, region, handlers, queries, host }: Region,
): Promise<Finding[]> {
  const known = await queries.activities();
  // The endpoint `local` is a service that `start` itself starts, so its port must be free.
  if (endpoint.kind === 'local') {
    const port = await lookAtLocalPort(project.plan.settings.port, host.clock);
    if (!isReached(known)) return [port, ...lookAtEmbedded(project, handlers, host)];
    return [port, ...(await lookAtReached(project, { endpoint, region, handlers, queries, host }, known))];
  }
  return lookAtReached(project, { endpoint, region, handlers, queries, host }, known);
}

/** Examines a region by what the service answered there to the first query. */
async function lookAtReached(
  project: ExaminedProject,
  { endpoint, region, handlers, queries, host }: Region,
  known: QueryResult<ReadonlyMap<string, string>>,
): Promise<Finding[]> {
  const { env } = host;
  const findings = lookAtAnswer(known, { endpoint, region, aheadMs: queries.aheadMs[0] });
  if (!isReached(known) || !isSigned(known)) return [...findings, notAsked(endpoint)];
  const created = isLoopback(endpoint) || project.plan.settings.createActivities;
  const names = 'failure' in known ? new Map<string, string>() : known.output;
  const arns = [...new Set(handlers.flatMap((handler) => arnIn(names)(handler) ?? []))];
  const machines = await readKeptMachines(queries);
  const seenMs = endpoint.kind === 'aws' ? await longestSeen(region, arns, host.clock) : undefined;
  return [
    ...findings,
    ...(await lookAtActivities(handlers, { region, known, created }, queries)),
    ...(await lookAtTaskCalls(region, queries)),
    ...(await lookAtPolls(region, arns, queries, { env, askable: canSimulate(endpoint, env) })),
    ...('check' in machines
      ? [machines]
      : [
          ...lookAtHeartbeats(handlers, machines, arnIn(names)),
          ...lookAtLongTasks(handlers, machines, { ...stopOf(project, host), arnOf: arnIn(names), seenMs }),
        ]),
  ];
}

/**
 * Checks the state machines that the command `start` would load into its local service (an emulator of Step Functions).
 */
function lookAtEmbedded(
  project: ExaminedProject,
  handlers: readonly PlannedHandler[],
  host: Host,
): Finding[] {
  const kept = { read: project.machines, unread: [] };
  const arnOf = ({ definition }: PlannedHandler): string => project.localArn(definition.activity);
  return [
    ...lookAtHeartbeats(handlers, kept, arnOf),
    ...lookAtLongTasks(handlers, kept, { ...stopOf(project, host), arnOf }),
  ];
}

const stopOf = ({ plan }: ExaminedProject, { env }: Host): { graceMs: number; platform: StopLimit } => ({
  graceMs: plan.settings.graceMs,
  platform: stopLimitOf(env),
});

/**
 * Returns a function that returns the ARN of a handler's activity. An activity that is declared by a bare name is
 * looked up in `names`.
 */
const arnIn =
  (names: ReadonlyMap<string, string>) =>
  ({ definition: { activity } }: PlannedHandler): string | undefined =>
    activity.kind === 'arn' ? activity.arn : names.get(activity.name);

const notAsked = (endpoint: Endpoint): Finding =>
  unknown(
    {
      check: 'permission',
      subject: showEndpoint(endpoint),
      expected: 'activities, allowed calls, HeartbeatSeconds',
    },
    'nothing can be asked there',
    'correct the faults above, and run the doctor again',
  );

/**
 * Groups handlers by the region in which they poll. A handler whose activity is declared by a bare name polls in the
 * configured region.
 */
async function sortByRegion(
  handlers: readonly PlannedHandler[],
  service: ServiceQueries,
): Promise<{ regions: InRegion[]; missing: Finding[] }> {
  const bare = handlers.filter(({ definition }) => definition.activity.kind === 'name');
  const configured = bare.length > 0 ? await service.defaultRegion() : undefined;
  const sorted = new Map<string, PlannedHandler[]>();
  for (const handler of handlers) {
    const { activity } = handler.definition;
    const region = activity.kind === 'arn' ? regionOf(activity.arn) : configured;
    if (region) sorted.set(region, [...(sorted.get(region) ?? []), handler]);
  }
  const missing = bare.length > 0 && !configured ? [noRegion(bare)] : [];
  return { regions: [...sorted].map(([region, each]) => ({ region, handlers: each })), missing };
}

const noRegion = (bare: readonly PlannedHandler[]): Finding =>
  fault(
    {
      check: 'region',
      subject: bare.map(({ definition }) => definition.name).join(', '),
      expected: 'a region for activities that are declared by a bare name',
    },
    'none is configured anywhere',
    'set AWS_REGION or `region` in the config, or declare whole ARNs',
  );
