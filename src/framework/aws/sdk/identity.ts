import { wallTime } from '../../base/time/clock.js';
import type { Identity } from './credential-source.js';

/** Credentials are renewed this many milliseconds before they expire. The SDK uses the same time. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** Returns true if both credentials have the same keys and session token. Their expiry may differ. */
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
 * Returns the time, in epoch milliseconds of the machine's date, from which new credentials are requested: five minutes
 * before these expire. If these are renewed ones that expire in less than ten minutes, it is the middle of their
 * remaining time instead, so that the provider isn't called all the time.
 * @param first true if these are the first credentials, not renewed ones
 */
export function renewalTime(expiresAt: number, first: boolean): number {
  const halfMs = first ? Number.POSITIVE_INFINITY : (expiresAt - wallTime()) / 2;
  return expiresAt - Math.min(RENEWED_BEFORE_MS, halfMs);
}
