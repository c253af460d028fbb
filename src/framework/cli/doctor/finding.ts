import type { Clock } from '../../base/time/clock.js';
import { isThrottle } from '../../aws/activity-port.js';
import type { CallFailure } from '../../aws/call.js';

/** The names of the checks. They are stable, so programs may compare them. */
export type CheckName =
  | 'copies'
  | 'stop'
  | 'region'
  | 'credentials'
  | 'endpoint'
  | 'clock'
  | 'activity'
  | 'permission'
  | 'heartbeat';

/**
 * - `ok`: as expected.
 * - `fault`: a worker would not start, would take no tasks, or would lose some.
 * - `warning`: it works, but the user should know something.
 * - `unknown`: it could not be checked; `got` says why.
 */
export type Verdict = 'ok' | 'fault' | 'warning' | 'unknown';

/** The result of one check on one subject. */
export interface Finding {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** The subject of the check, as the user names it: a handler, an endpoint, a region. */
  readonly subject: string;
  readonly expected: string;
  /** The state that was found or, if nothing could be checked, the reason. */
  readonly got: string;
  /** The advice; absent if the verdict is `ok`. */
  readonly fix?: string;
}

/** Facts about this machine and this process, on which the findings depend. */
export interface Host {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** The milliseconds that the platform waits between SIGTERM and SIGKILL; absent if the user hasn't given them. */
  readonly stopTimeoutMs?: number | undefined;
}

/** A check before its result is known: the check's name, its subject, and the expected result. */
export type Check = Pick<Finding, 'check' | 'subject' | 'expected'>;

export const ok = (check: Check, got: string): Finding => ({ ...check, verdict: 'ok', got });
export const fault = (check: Check, got: string, fix: string): Finding => ({
  ...check,
  verdict: 'fault',
  got,
  fix,
});
export const warning = (check: Check, got: string, fix: string): Finding => ({
  ...check,
  verdict: 'warning',
  got,
  fix,
});
/** Returns the finding of a check that could not be made. @param why the reason */
export const unknown = (check: Check, why: string, fix: string): Finding => ({
  ...check,
  verdict: 'unknown',
  got: why,
  fix,
});

/** The fix where Step Functions refused a query because too many calls were made. */
export const AGAIN = 'run the doctor again in a minute';

/** Returns the fix of a query that failed: to ask again, if the query was throttled. */
export const unlessThrottled = ({ type, status }: CallFailure, fix: string): string =>
  isThrottle(type, status) ? AGAIN : fix;
