import { judge, type Loss } from './judge.js';
import { percentile } from './median.js';
import type { Lease, WireRecord } from './wire.js';

/** The figures of a worker under an even load. */
export interface Steady {
  /** Results that the service took, a second. */
  readonly perSecond: number;
  /** The waits of tasks for a worker, in milliseconds. A task that still waits counts until now. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly lost: Readonly<Record<Loss, number>>;
  /** Outcomes sent again after a clean 200. */
  readonly sentAgain: number;
  readonly differingOutcomes: number;
  readonly successesReportedAsFailures: number;
  /** Share of a worker's calls that met a fault. */
  readonly faults: number;
}

export interface SteadyLoad {
  readonly record: WireRecord;
  /** The time of the recording. */
  readonly now: number;
  /** The start of each task, by its number. */
  readonly fed: readonly number[];
  /** The part at the beginning that is left out, in milliseconds. */
  readonly warmUpMs: number;
  /** HeartbeatSeconds, in milliseconds. */
  readonly lapseMs: number;
}

/** Judges a load that was fed evenly, from what its service recorded. Throughput counts while it was fed. */
export function steadyFigures({ record, now, fed, warmUpMs, lapseMs }: SteadyLoad): Steady {
  const from = (fed[0] ?? now) + warmUpMs;
  const to = fed.at(-1) ?? now;
  const { leases } = record;
  const accepted = leases.filter(({ end }) => end?.kind === 'succeeded' && end.at >= from && end.at <= to);
  const leasedAt = new Map(leases.map((lease) => [numberOf(lease), lease.at]));
  const waits = fed.flatMap((at, n) => (at >= from ? [(leasedAt.get(n) ?? now) - at] : []));
  // A worker that still sends signs of life has lost nothing yet.
  const judged = leases.filter((lease) => lease.end !== undefined || now - lastSign(lease) >= lapseMs);
  const figures = judge({ ...record, leases: judged }, [], [], lapseMs);
  return {
    perSecond: (accepted.length * 1_000) / (to - from),
    waitP50Ms: percentile(waits, 50),
    waitP99Ms: percentile(waits, 99),
    lost: figures.lost,
    sentAgain: figures.sentAgainAfterClean,
    differingOutcomes: figures.differingOutcomes,
    successesReportedAsFailures: figures.successesReportedAsFailures,
    faults: figures.faults / Math.max(figures.calls, 1),
  };
}

/** Sums the figures that are zero for a worker that loses and repeats nothing. */
export const wrongs = ({ lost, sentAgain, differingOutcomes, successesReportedAsFailures }: Steady): number =>
  lost.worker + sentAgain + differingOutcomes + successesReportedAsFailures;

const numberOf = ({ input }: Lease): number => (JSON.parse(input) as { n: number }).n;
const lastSign = ({ at, calls }: Lease): number => calls.at(-1)?.at ?? at;
