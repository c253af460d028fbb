import { lapsed } from '../measure/beats.js';
import type { Lease } from '../measure/wire.js';
import type { Service } from '../service/service.js';
import { until } from '../until.js';
import type { Candidate } from '../workers/workers.js';

/** The figures of one candidate in a trial. */
export interface Tried {
  readonly who: string;
  /** The figures by the names of the table's columns. */
  readonly figures: Readonly<Record<string, string>>;
  /** The promises of ours that do not hold. */
  readonly broken?: string;
}

const isOurs = (who: string): boolean => who.startsWith('Stepwright');
/** Nothing, unless ours breaks a promise. */
export const broken = (who: string, holds: boolean, what: string): Pick<Tried, 'broken'> =>
  isOurs(who) && !holds ? { broken: what } : {};

export async function untilEnded(service: Service, limitMs: number): Promise<Lease[]> {
  await until(async () => (await service.open()) === 0, limitMs).catch(() => {});
  return [...(await service.record()).record.leases];
}

/** For a trial that asks for nothing but the leases. */
export function lostOnly(who: Candidate, leases: readonly Lease[]): Tried {
  const lost = lapsed(leases);
  return {
    who,
    figures: { leases: String(leases.length), lost: String(lost) },
    ...broken(who, lost === 0, `${lost} of ${leases.length} leases were lost`),
  };
}
