import type { Problem, ProblemCode } from '../../base/errors.js';

/** The names of the checks. They are stable: programs may match on them. */
export type CheckName =
  | 'node'
  | 'start'
  | 'metadata'
  | 'copies'
  | 'telemetry'
  | 'files'
  | 'stop'
  | 'credentials'
  | 'region'
  | 'endpoint'
  | 'clock'
  | 'activity'
  | 'permission'
  | 'heartbeat';

/**
 * - `ok`: as expected.
 * - `fault`: a worker does not start, takes no tasks or loses some.
 * - `warning`: it works, and there is something to know.
 * - `unknown`: it was not checked, for the reason in `got`.
 */
export type Verdict = 'ok' | 'fault' | 'warning' | 'unknown';

/** The result of one check on one subject. */
export interface Finding {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** The subject of the check, as the user names it: a handler, an endpoint, a region. */
  readonly subject: string;
  readonly expected: string;
  /** The state that was found; where it could not be checked, the reason. */
  readonly got: string;
  /** The advice; absent where the verdict is `ok`. */
  readonly fix?: string;
  /** The code of the problem with which a start would fail; absent where it would not fail. */
  readonly code?: ProblemCode;
}

/** A check before its result is known: the check, its subject, and the expected state. */
export type Look = Pick<Finding, 'check' | 'subject' | 'expected'>;

export const ok = (look: Look, got: string): Finding => ({ ...look, verdict: 'ok', got });
export const fault = (look: Look, got: string, fix: string): Finding => ({
  ...look,
  ...{ verdict: 'fault', got, fix },
});
export const warning = (look: Look, got: string, fix: string): Finding => ({
  ...look,
  ...{ verdict: 'warning', got, fix },
});
/** Returns the finding of a check that could not be made. @param why the reason */
export const unknown = (look: Look, why: string, fix: string): Finding => ({
  ...look,
  ...{ verdict: 'unknown', got: why, fix },
});

/** Returns the fault of a problem that keeps a worker from starting. */
export const ofProblem = (check: CheckName, { code, where, what, fix }: Problem): Finding => ({
  ...fault({ check, subject: where, expected: 'what a worker can start with' }, what, fix),
  code,
});
