import { createHash } from 'node:crypto';
import { DURATION_EXPECTED, parseDuration } from '../../../base/time/duration.js';
import { show } from '../../../base/show.js';
import { Deferral } from '../../../declare/deferral.js';

const MOST_ID_CHARACTERS = 200;

/** Returns the id of a deferred task whose handler has named none. It can't be guessed, and the token not found from it. */
export const deferralId = (token: string): string =>
  createHash('sha256').update(token).digest('hex').slice(0, 32);

/**
 * Makes what `task.defer` returns.
 * @param now epoch milliseconds
 * @throws TypeError if an option is wrong
 */
export function deferralOf(token: string, options: unknown, now: number): Deferral {
  const { until, id } = (options ?? {}) as { until?: unknown; id?: unknown };
  const forMs = parseDuration(until);
  const own = deferralId(token);
  const isNamed = typeof id === 'string' && id.length > 0 && id.length <= MOST_ID_CHARACTERS;
  if (forMs !== undefined && (isNamed || id === undefined))
    return new Deferral(own, isNamed ? id : own, now + forMs);
  throw new TypeError(
    `task.defer: expected { until, id? }, with ${DURATION_EXPECTED} as until, and a text of 1 to ${MOST_ID_CHARACTERS} characters as id; got ${show(options)}`,
  );
}
