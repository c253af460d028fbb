import { wallTime } from '../../base/time/clock.js';
import type { Identity } from './credential-source.js';

/** Credentials are renewed this long before they expire, as the SDK does it. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** Returns true if both credentials make the same signatures. Their expiry may differ. */
export function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return (
    one?.accessKeyId === other?.accessKeyId &&
    one?.secretAccessKey === other?.secretAccessKey &&
    one?.sessionToken === other?.sessionToken
  );
}

/** Returns the time at which credentials expire, in epoch milliseconds; Infinity if they don't. */
export function expiry({ expiration }: Identity): number {
  const expiresAt = new Date(expiration ?? Number.NaN).getTime();
  return Number.isNaN(expiresAt) ? Number.POSITIVE_INFINITY : expiresAt;
}

/**
 * Returns the time from which the provider is asked for new credentials, in epoch milliseconds of the machine's date:
 * five minutes before these expire. But if these are renewed ones that expire in less than ten minutes, it is when half
 * of their remaining time has passed, so that their provider isn't asked all the time.
 * @param first true if these are the first credentials, not renewed ones
 */
export function renewalTime(expiresAt: number, first: boolean): number {
  const halfMs = first ? Number.POSITIVE_INFINITY : (expiresAt - wallTime()) / 2;
  return expiresAt - Math.min(RENEWED_BEFORE_MS, halfMs);
}
