import type { IncomingHttpHeaders } from 'node:http';
import type { Fault, FaultError } from '../../../src/framework/local/index.js';

/** AWS's own limit for Signature Version 4, to either side. */
const SKEW_MS = 5 * 60_000;

/** The error of a call that was signed with a wrong key. */
export const WRONG_KEY = 'UnrecognizedClientException' satisfies FaultError;
/** The error of a call that was signed at a wrong time. */
export const WRONG_TIME = 'InvalidSignatureException' satisfies FaultError;

/**
 * Returns the error by which AWS refuses a call before the service sees it, for any other key, and for a time that is not
 * `now`. Secrets are not checked.
 */
export function refuse(
  { authorization = '', 'x-amz-date': date = '' }: IncomingHttpHeaders,
  accessKey: string,
  now: number,
): Fault | undefined {
  if (!authorization.includes(`Credential=${accessKey}/`)) return { kind: 'error', error: WRONG_KEY };
  const isOnTime = Math.abs(readDate(String(date)) - now) <= SKEW_MS;
  return isOnTime ? undefined : { kind: 'error', error: WRONG_TIME };
}

/** `20260101T000000Z` */
const readDate = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
