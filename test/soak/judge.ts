import { WORKER_CALLS, WRONG_KEY, WRONG_TIME } from './faults.js';
import type { Call, Lease, WireRecord } from './wire.js';

/** The end of a worker, by its name. Instants are milliseconds on the service's clock. */
export interface Fate {
  readonly worker: string;
  readonly drainedAt?: number;
  readonly killedAt?: number;
}

/** The end of an execution, and whether it was the right one. */
export interface Ending {
  readonly status: string;
  readonly asItShould: boolean;
}

/**
 * Why a leased task was never reported:
 * - `wire`: the answer that carried its token was spoiled by a fault.
 * - `starved`: the worker had it, and all that it sent to keep or report it was eaten by faults until the lease lapsed.
 *   A refusal for the signature is none: it is the worker's to mend.
 * - `killed`: its worker was killed.
 * - `worker`: nothing excuses it. A token that was given to a poll which the worker itself had closed is here too.
 */
export type Loss = 'wire' | 'starved' | 'killed' | 'worker';

export interface Figures {
  readonly executions: number;
  readonly endedAsTheyShould: number;
  readonly leases: number;
  readonly lost: Readonly<Record<Loss, number>>;
  /** The part of `lost.worker` whose tokens went to a poll that the worker had closed. */
  readonly lostToClosedPolls: number;
  readonly successesReportedAsFailures: number;
  readonly differingOutcomes: number;
  readonly sentAgainAfterClean: number;
  readonly calls: number;
  readonly faults: number;
}

/** Judges a soak from what was recorded at the service. */
export function judge(
  { leases, calls }: WireRecord,
  fates: readonly Fate[],
  endings: readonly Ending[],
  heartbeatMs: number,
): Figures {
  const losses = leases.filter(isLost).map((lease) => ({ lease, why: whyLost(lease, fates, heartbeatMs) }));
  const count = (why: Loss): number => losses.filter((loss) => loss.why === why).length;
  const counts = WORKER_CALLS.map((operation) => calls[operation] ?? { total: 0, faults: 0 });
  return {
    executions: endings.length,
    endedAsTheyShould: endings.filter(({ asItShould }) => asItShould).length,
    leases: leases.length,
    lost: {
      wire: count('wire'),
      starved: count('starved'),
      killed: count('killed'),
      worker: count('worker'),
    },
    lostToClosedPolls: losses.filter(({ lease, why }) => why === 'worker' && wentToClosedPoll(lease)).length,
    successesReportedAsFailures: leases.filter(failedAfterSuccess).length,
    differingOutcomes: leases.filter(({ calls }) => new Set(outcomes(calls).map(textOf)).size > 1).length,
    sentAgainAfterClean: leases.filter(sentAgain).length,
    calls: counts.reduce((sum, { total }) => sum + total, 0),
    faults: counts.reduce((sum, { faults }) => sum + faults, 0),
  };
}

/** Returns the broken promises of our worker; empty where it lost nothing. */
export function violations(figures: Figures): string[] {
  const { executions, endedAsTheyShould, lost } = figures;
  const checks: [boolean, string][] = [
    [
      endedAsTheyShould === executions,
      `${executions - endedAsTheyShould} executions did not end as they should`,
    ],
    [lost.worker === 0, `${lost.worker} leases were lost by a worker that was not killed`],
    [figures.successesReportedAsFailures === 0, 'finished successes were reported as failures'],
    [figures.differingOutcomes === 0, 'different outcomes were sent for one token'],
    [figures.sentAgainAfterClean === 0, 'outcomes were sent again after a clean 200'],
  ];
  return checks.filter(([holds]) => !holds).map(([, what]) => what);
}

/** The leases that nothing excuses, with all that was sent about them. */
export const lostByWorkers = (
  { leases }: WireRecord,
  fates: readonly Fate[],
  heartbeatMs: number,
): readonly Lease[] =>
  leases.filter((lease) => isLost(lease) && whyLost(lease, fates, heartbeatMs) === 'worker');

const isLost = ({ end }: Lease): boolean => end === undefined || end.kind === 'timedOut';

export function whyLost(lease: Lease, fates: readonly Fate[], heartbeatMs: number): Loss {
  if (isSpoiled(lease, heartbeatMs)) return 'wire';
  const killedAt = fateOf(lease, fates)?.killedAt;
  if (killedAt !== undefined && (lease.end === undefined || killedAt <= lease.end.at)) return 'killed';
  return isStarved(lease, heartbeatMs) ? 'starved' : 'worker';
}

/** A worker may give each of its polls a name of its own that begins with the worker's. */
const fateOf = ({ worker }: Lease, fates: readonly Fate[]): Fate | undefined =>
  fates.find((fate) => worker === fate.worker || worker.startsWith(`${fate.worker}-`));

/** Returns true where a fault kept the token from its worker. After a late reset it may have arrived, which the worker then shows. */
function isSpoiled({ at, poll, calls }: Lease, heartbeatMs: number): boolean {
  if (poll?.fault === undefined) return false;
  if (poll.fault === 'reset-after') return calls.length === 0;
  if (poll.fault === 'delay') return poll.cleanAt === undefined || poll.cleanAt - at >= heartbeatMs;
  return true;
}

const wentToClosedPoll = ({ poll }: Lease): boolean =>
  poll?.fault === undefined && poll?.closedAt !== undefined;

/**
 * Returns true where the worker did its part: in the last span that the lease could last without a sign of life, it sent
 * one or more, none of which came through.
 */
function isStarved({ at, end, calls }: Lease, heartbeatMs: number): boolean {
  const lapsedAt = end?.at ?? Number.POSITIVE_INFINITY;
  const from = Math.max(at, lapsedAt - heartbeatMs);
  const inSpan = calls.filter((call) => call.at > from && call.at < lapsedAt);
  return inSpan.length > 0 && inSpan.every(({ fault, error }) => fault !== undefined && !isOwnFault(error));
}

/** A worker can sign with the right key at the right time. */
const isOwnFault = (error: string | undefined): boolean => error === WRONG_KEY || error === WRONG_TIME;

const outcomes = (calls: readonly Call[]): Call[] => calls.filter(({ outcome }) => outcome !== undefined);
const textOf = ({ outcome }: Call): string => outcome ?? '';

/** The task of a soak never fails: a failure is a lie, unless it says that a stopping worker never ran it. */
function failedAfterSuccess({ calls }: Lease): boolean {
  return calls.some(({ operation, outcome }, index) => {
    if (operation !== 'SendTaskFailure') return false;
    const ran = calls.slice(0, index).some((earlier) => earlier.operation === 'SendTaskSuccess');
    return ran || !outcome?.includes('"Stepwright.WorkerShutdown"');
  });
}

function sentAgain({ calls }: Lease): boolean {
  const [first = Number.POSITIVE_INFINITY] = outcomes(calls)
    .flatMap(({ cleanAt }) => (cleanAt === undefined ? [] : [cleanAt]))
    .toSorted((a, b) => a - b);
  return outcomes(calls).some(({ at }) => at > first);
}
