import type { Clock } from '../../base/time/clock.js';
import { type Endpoint, isLoopback, showEndpoint } from '../../aws/endpoint.js';
import type { RegionQueries } from '../../aws/queries/region-queries.js';
import type { ServiceQueries } from '../../aws/queries/service-queries.js';
import { regionOf } from '../../worker/build/find-activities.js';
import type { Plan, PlannedHandler } from '../../worker/build/plan.js';
import { lookAtActivities } from './activity-lookup.js';
import { lookAtHeartbeats, readDeployedMachines } from './deployed-heartbeats.js';
import { type Finding, fault, unknown } from './finding.js';
import { lookAtCopies, lookAtTelemetry } from './installation.js';
import { lookAtCalls } from './permissions.js';
import { isReached, isSigned, lookAtAnswer, lookAtCredentials, lookAtWay } from './reach.js';
import { lookAtStop } from './stop-time.js';

/** The project to examine, whose plan has no problem: a start would tell those. */
export interface ExaminedProject {
  readonly plan: Plan;
  /** The folder of the nearest package.json. */
  readonly projectDir: string;
}

/** Facts about this machine and this process, on which the findings depend. */
export interface Host {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** The milliseconds that the platform waits between SIGTERM and SIGKILL; absent if the user hasn't given them. */
  readonly stopTimeoutMs?: number | undefined;
}

/**
 * Examines what a start can't tell before tasks are lost: the copies of packages, the credentials, the network, the
 * clock, the permissions, the deployed state machines, and the platform's time to stop. Changes nothing in Step
 * Functions and takes no task. Mistakes are returned as findings, not thrown.
 */
export async function examine({ plan, projectDir }: ExaminedProject, host: Host): Promise<Finding[]> {
  return [
    ...lookAtCopies(),
    ...lookAtTelemetry(projectDir),
    await lookAtStop(plan.settings.graceMs, host),
    ...(plan.endpoint ? await lookAtService(plan, plan.endpoint, host) : []),
  ];
}

async function lookAtService(plan: Plan, endpoint: Endpoint, { clock, env }: Host): Promise<Finding[]> {
  if (endpoint.kind === 'local') return [notAsked(endpoint, NOTHING_DEPLOYED, 'give --endpoint aws')];
  const { ServiceQueries: Queries } = await import('../../aws/queries/service-queries.js');
  const { settings, handlers } = plan;
  const service = new Queries({ endpoint, sdk: settings.sdk, region: settings.region, clock });
  try {
    const { regions, missing } = await sortByRegion(handlers, service);
    const [[first] = []] = regions;
    const credentials = await service.credentials(first);
    const findings = [
      ...lookAtWay(env, endpoint, settings.sdk.requestHandler !== undefined),
      ...missing,
      lookAtCredentials(credentials, clock.now()),
    ];
    // Without credentials, every other call would fail for the same reason.
    if ('failure' in credentials) return [...findings, notAsked(endpoint, NOTHING_ASKED, ABOVE)];
    for (const [region, each] of regions)
      findings.push(...(await lookAtRegion(plan, endpoint, region, each, await service.forRegion(region))));
    return findings;
  } finally {
    service.close();
  }
}

async function lookAtRegion(
  { settings }: Plan,
  endpoint: Endpoint,
  region: string,
  handlers: readonly PlannedHandler[],
  queries: RegionQueries,
): Promise<Finding[]> {
  const known = await queries.activities();
  const findings = lookAtAnswer(known, { endpoint, region, aheadMs: queries.aheadMs[0] });
  if (!isReached(known) || !isSigned(known)) return [...findings, notAsked(endpoint, NOTHING_ASKED, ABOVE)];
  const created = isLoopback(endpoint) || settings.createActivities;
  const names = 'failure' in known ? new Map<string, string>() : known.output;
  const arnOf = ({ definition: { activity } }: PlannedHandler): string | undefined =>
    activity.kind === 'arn' ? activity.arn : names.get(activity.name);
  const arns = [...new Set(handlers.flatMap((handler) => arnOf(handler) ?? []))];
  const machines = await readDeployedMachines(queries);
  return [
    ...findings,
    ...(await lookAtActivities(handlers, { region, known, created }, queries)),
    ...(await lookAtCalls(region, arns, queries)),
    ...('check' in machines ? [machines] : lookAtHeartbeats(handlers, machines, arnOf)),
  ];
}

const NOTHING_ASKED = 'nothing can be asked there';
const ABOVE = 'correct the faults above, and run the doctor again';
const NOTHING_DEPLOYED = 'the local service has what the project has, which a start checks';

const notAsked = (endpoint: Endpoint, why: string, fix: string): Finding =>
  unknown(
    {
      check: 'permission',
      subject: showEndpoint(endpoint),
      expected: 'activities, allowed calls, HeartbeatSeconds',
    },
    why,
    fix,
  );

/**
 * Groups handlers by the region in which they poll. A handler whose activity is declared by a bare name polls in the
 * configured region.
 */
async function sortByRegion(
  handlers: readonly PlannedHandler[],
  service: ServiceQueries,
): Promise<{ regions: [region: string, handlers: PlannedHandler[]][]; missing: Finding[] }> {
  const bare = handlers.filter(({ definition }) => definition.activity.kind === 'name');
  const configured = bare.length > 0 ? await service.defaultRegion() : undefined;
  const sorted = new Map<string, PlannedHandler[]>();
  for (const handler of handlers) {
    const { activity } = handler.definition;
    const region = activity.kind === 'arn' ? regionOf(activity.arn) : configured;
    if (region) sorted.set(region, [...(sorted.get(region) ?? []), handler]);
  }
  return { regions: [...sorted], missing: bare.length > 0 && !configured ? [noRegion(bare)] : [] };
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
