import { wallTime } from '../../base/time/clock.js';
import type { Identity } from './credential-source.js';

/** Credentials are renewed this long before they expire, as by the SDK. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** Returns true for credentials that sign the same way, whenever they expire. */
export function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return (
    one?.accessKeyId === other?.accessKeyId &&
    one?.secretAccessKey === other?.secretAccessKey &&
    one?.sessionToken === other?.sessionToken
  );
}

/** Returns when an identity expires, in epoch milliseconds; Infinity where it does not. */
export function expiry({ expiration }: Identity): number {
  const expiresAt = new Date(expiration ?? Number.NaN).getTime();
  return Number.isNaN(expiresAt) ? Number.POSITIVE_INFINITY : expiresAt;
}

/**
 * Returns the wall time from which the provider is asked for new credentials: five minutes before these expire. Where a
 * renewal brought credentials that live less than ten minutes, that is halfway through their life, so that their provider
 * is not asked all the time.
 */
export function renewalTime(expiresAt: number, first: boolean): number {
  const halfMs = first ? Number.POSITIVE_INFINITY : (expiresAt - wallTime()) / 2;
  return expiresAt - Math.min(RENEWED_BEFORE_MS, halfMs);
}
