import type { Problem, ProblemCode } from '../../base/errors.js';

/** What is looked at. Stable: programs may match on it. */
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
 * - `ok`: as it should be.
 * - `fault`: a worker does not start, takes no tasks or loses some.
 * - `warning`: it works, and there is something that one should know.
 * - `unknown`: it was not checked, for the reason that is given.
 */
export type Verdict = 'ok' | 'fault' | 'warning' | 'unknown';

/** What came of looking at one thing. */
export interface Finding {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** The thing, by the user's own name for it. */
  readonly subject: string;
  readonly expected: string;
  /** What it is; where it was not checked, why not. */
  readonly got: string;
  /** What to do about it; absent where it is as it should be. */
  readonly fix?: string;
  /** Where a start would fail by it. */
  readonly code?: ProblemCode;
}

/** What was looked at, and what it should be. */
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
/** @param why it was not checked */
export const unknown = (look: Look, why: string, fix: string): Finding => ({
  ...look,
  ...{ verdict: 'unknown', got: why, fix },
});

/** What would keep a worker from starting. */
export const ofProblem = (check: CheckName, { code, where, what, fix }: Problem): Finding => ({
  ...fault({ check, subject: where, expected: 'what a worker can start with' }, what, fix),
  code,
});
