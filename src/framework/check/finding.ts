import type { Position, Step } from './source/json-text.js';

/** What can be found where classes and state machines are compared. Stable: programs may match on it. */
export type FindingCode =
  | 'MACHINE_INVALID'
  | 'ACTIVITY_WITHOUT_HANDLER'
  | 'HANDLER_WITHOUT_STATE'
  | 'HEARTBEAT_TOO_SLOW'
  | 'HEARTBEAT_SECONDS_MISSING'
  | 'TIMEOUT_SECONDS_TOO_SHORT'
  | 'TIMEOUT_SECONDS_MISSING'
  | 'MACHINE_TIMEOUT_MISSING'
  | 'RETRY_MISSING'
  | 'ERROR_NAME_UNKNOWN'
  | 'ERROR_NAME_UNMATCHED'
  | 'PAYLOAD_MISFIT';

/** Something that class and machine do not agree in, or that a machine had better have. */
export interface Finding extends Partial<Position> {
  readonly code: FindingCode;
  /** An error is sure to go wrong when it comes to it; advice is about what happens when something else does. */
  readonly level: 'error' | 'advice';
  /** A file, the ARN of a machine that is deployed, or `Class.method`. */
  readonly file: string;
  readonly state?: string;
  readonly what: string;
  readonly fix: string;
  /** What to paste, where there is more of it than a name. */
  readonly paste?: string;
  /** What `--fix` does; absent where only a person can decide. */
  readonly edits?: readonly Edit[];
}

/** A change of a machine's text. */
export type Edit =
  /** A key, added to an object behind its `after`, or as its last. */
  | {
      readonly kind: 'add';
      readonly into: readonly Step[];
      readonly key: string;
      readonly value: unknown;
      readonly after?: string;
    }
  /** An element, added to the end of a list. */
  | { readonly kind: 'append'; readonly into: readonly Step[]; readonly value: unknown }
  | { readonly kind: 'replace'; readonly at: readonly Step[]; readonly value: unknown };

/** `file:line:column`, as editors and terminals open it. */
export const placeOf = ({ file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>): string =>
  line === undefined ? file : `${file}:${line}:${column ?? 1}`;

/** What is wrong, behind the state that it is wrong in. */
export const saidOf = ({ state, what }: Pick<Finding, 'state' | 'what'>): string =>
  state === undefined ? what : `state '${state}': ${what}`;

/** A finding in one line, for a log. */
export const lineOf = (finding: Finding): string =>
  `${placeOf(finding)} ${saidOf(finding)}; fix: ${finding.fix}`;

/** A key and its value, to be pasted. */
export const paste = (key: string, value: unknown): string => `"${key}": ${JSON.stringify(value)}`;
