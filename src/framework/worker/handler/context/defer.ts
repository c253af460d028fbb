import { createHash } from 'node:crypto';
import { DURATION_EXPECTED, parseDuration } from '../../../base/time/duration.js';
import { show } from '../../../base/show.js';
import { Deferral } from '../../../declare/deferral.js';

/** Returns the id by which a deferred task is known. It can't be guessed, and the token can't be found from it. */
export const deferralId = (token: string): string =>
  createHash('sha256').update(token).digest('hex').slice(0, 32);

/**
 * Makes what `task.defer` returns.
 * @param now epoch milliseconds
 * @throws TypeError if `until` isn't a duration
 */
export function deferralOf(token: string, options: unknown, now: number): Deferral {
  const until = (options as { until?: unknown } | undefined)?.until;
  const forMs = parseDuration(until);
  if (forMs === undefined)
    throw new TypeError(
      `task.defer: expected { until }, with ${DURATION_EXPECTED} as until, got ${show(options)}`,
    );
  return new Deferral(deferralId(token), now + forMs);
}
