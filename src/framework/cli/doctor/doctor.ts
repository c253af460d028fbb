import { systemClock } from '../../base/time/clock.js';
import type { Flags } from '../../config/sources.js';
import { fault, type Finding, type Host, ok, unknown, type Verdict, warning } from './finding.js';
import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { throwProblems } from '../../base/errors.js';
import { oneCopyFix, otherCopies, ourCopy } from '../../declare/other-copies.js';
import { write } from '../output/stdio.js';
import { readWorker } from '../project/project.js';
import { type Endpoint, isLoopback, showEndpoint } from '../../aws/endpoint.js';
import type { RegionQueries } from '../../aws/queries/region-queries.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import { regionOf } from '../../worker/build/find-activities.js';
import type { Plan, PlannedHandler } from '../../worker/build/plan.js';
import { checkActivities } from './activities.js';
import { checkHeartbeats, readDeployedMachines } from './heartbeats.js';
import { isReached, isSigned, checkAnswer, checkCredentials, checkProxy } from './reach.js';
import { checkPermissions } from './permissions.js';
import { checkStopTime } from './stop-time.js';

/** The flags that only `doctor` has. */
export interface DoctorFlags {
  /** The time that the user's platform waits between SIGTERM and SIGKILL, as a duration such as `30s`. */
  readonly stopTimeout?: string;
  readonly json?: true;
}

/**
 * Examines what a worker needs, and prints the findings. Doesn't start a worker, and takes no task.
 * @returns the exit code: 1 if any finding is a fault, otherwise 0
 * @throws StartError with the problems that a start would tell
 */
export async function doctor(flags: Flags, { stopTimeout, json }: DoctorFlags): Promise<number> {
  const stopTimeoutMs = readStopTimeout(stopTimeout);
  const { plan } = await readWorker(flags);
  throwProblems(plan.problems);
  const findings = await examine(plan, { clock: systemClock, env: process.env, stopTimeoutMs });
  const counts = countsOf(findings);
  const whole = { ...counts, findings };
  await write(json ? `${JSON.stringify(whole, null, 2)}\n` : asText(findings, counts));
  return counts.faults > 0 ? 1 : 0;
}

function readStopTimeout(text: string | undefined): number | undefined {
  const ms = parseDuration(text);
  if (text !== undefined && ms === undefined)
    throw new Error(`--stop-timeout: expected ${DURATION_EXPECTED}, got '${text}'`);
  return ms;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  fault: 'FAULT',
  warning: 'warning',
  unknown: '?',
};
const WIDTH = Math.max(...Object.values(WORDS).map(({ length }) => length)) + 2;

function countsOf(findings: readonly Finding[]) {
  const count = (wanted: Verdict): number => findings.filter(({ verdict }) => verdict === wanted).length;
  return { faults: count('fault'), warnings: count('warning'), unchecked: count('unknown') };
}

function asText(
  findings: readonly Finding[],
  { faults, warnings, unchecked }: ReturnType<typeof countsOf>,
): string {
  const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
  const sum = `${counted(faults, 'fault')}, ${counted(warnings, 'warning')}, ${unchecked} not checked`;
  return `${findings.map(line).join('\n')}\n\n${findings.length} looked at: ${sum}\n`;
}

function line({ verdict, check, subject, expected, got, fix }: Finding): string {
  const head = `${WORDS[verdict].padEnd(WIDTH)}${check}: ${subject}`;
  if (verdict === 'ok') return `${head}: ${got}`;
  const came = `${verdict === 'unknown' ? 'not checked:' : 'got'} ${got}`;
  const lines = [`expected ${expected}`, came, ...(fix === undefined ? [] : [`Fix: ${fix}`])];
  const indent = ' '.repeat(WIDTH);
  return [head, ...lines.map((each) => indent + each.replaceAll('\n', `\n${indent}`))].join('\n');
}

/**
 * Checks the installed packages, the credentials, the network, the clock, the permissions, the deployed state machines,
 * and the platform's time to stop. Changes nothing in Step Functions and takes no task. Mistakes are returned as
 * findings, not thrown.
 * @param plan without problems: a start would tell those
 */
export async function examine(plan: Plan, host: Host): Promise<Finding[]> {
  return [
    checkCopies(),
    await checkStopTime(plan.settings.graceMs, host),
    ...(plan.endpoint ? await checkService(plan, plan.endpoint, host) : []),
  ];
}

/** Checks that class decorators of one copy of tsyringe alone are loaded. A start tells of two copies of other peers. */
function checkCopies(): Finding {
  const check = { check: 'copies', subject: 'peer dependencies', expected: 'one copy of each' } as const;
  const [other] = otherCopies('tsyringe', CONTAINER);
  if (!other) return ok(check, 'one copy of each');
  const got = `another copy of tsyringe (${other.folder}) is loaded than Stepwright uses (${ourCopy('tsyringe', CONTAINER)}): a class whose @injectable comes from it can not be injected`;
  return warning(check, got, oneCopyFix('tsyringe'));
}

const CONTAINER = 'dist/cjs/dependency-container.js';

/** The number of times that the SDK makes a call, so that the doctor answers soon. */
const ATTEMPTS = 2;

async function checkService(plan: Plan, endpoint: Endpoint, { clock, env }: Host): Promise<Finding[]> {
  if (endpoint.kind === 'local') return [notAsked(endpoint, NOTHING_DEPLOYED, 'give --endpoint aws')];
  const { AwsService } = await import('../../aws/sdk/aws-service.js');
  const { findCredentials, RegionQueries } = await import('../../aws/queries/region-queries.js');
  const { settings, handlers } = plan;
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region, clock });
  try {
    const { regions, missing } = await sortByRegion(handlers, service);
    const [[first] = []] = regions;
    const credentials = await findCredentials(await service.client(first, ATTEMPTS));
    const findings = [
      ...checkProxy(env, endpoint, settings.sdk.requestHandler !== undefined),
      ...missing,
      checkCredentials(credentials, clock.now()),
    ];
    // Without credentials, every other call would fail for the same reason.
    if ('failure' in credentials) return [...findings, notAsked(endpoint, NOTHING_ASKED, ABOVE)];
    for (const [region, each] of regions) {
      const queries = new RegionQueries(await service.client(region, ATTEMPTS), clock);
      findings.push(...(await checkRegion(plan, endpoint, region, each, queries)));
    }
    return findings;
  } finally {
    service.close();
  }
}

async function checkRegion(
  { settings }: Plan,
  endpoint: Endpoint,
  region: string,
  handlers: readonly PlannedHandler[],
  queries: RegionQueries,
): Promise<Finding[]> {
  const known = await queries.activities();
  const findings = checkAnswer(known, { endpoint, region, aheadMs: queries.aheadMs[0] });
  if (!isReached(known) || !isSigned(known)) return [...findings, notAsked(endpoint, NOTHING_ASKED, ABOVE)];
  const created = isLoopback(endpoint) || settings.createActivities;
  const names = 'failure' in known ? new Map<string, string>() : known.output;
  const arnOf = ({ definition: { activity } }: PlannedHandler): string | undefined =>
    activity.kind === 'arn' ? activity.arn : names.get(activity.name);
  const arns = [...new Set(handlers.flatMap((handler) => arnOf(handler) ?? []))];
  const machines = await readDeployedMachines(queries);
  return [
    ...findings,
    ...(await checkActivities(handlers, { region, known, created }, queries)),
    ...(await checkPermissions(region, arns, queries)),
    ...('check' in machines ? [machines] : checkHeartbeats(handlers, machines, arnOf)),
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
  service: AwsService,
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
