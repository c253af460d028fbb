import type { JsonEdit } from './source/json-edit.js';
import type { Position, Step } from './source/json-text.js';
import type { StateView } from './states.js';

/** The codes of findings about classes and state machines. Stable: programs may match on them. */
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

/** A disagreement between a class and a machine, or something that a machine should have. */
export interface Finding extends Partial<Position> {
  readonly code: FindingCode;
  /** An error fails whenever it is reached; advice matters when something else fails. */
  readonly level: 'error' | 'advice';
  /** A file, the ARN of a machine that is deployed, or `Class.method`. */
  readonly file: string;
  readonly state?: string;
  readonly what: string;
  readonly fix: string;
  /** Text to paste, where it is more than a name. */
  readonly paste?: string;
  /** The edits of `--fix`; absent where only a person can decide. */
  readonly edits?: readonly JsonEdit[];
}

/** A finding before its position is known. */
export type Found = Omit<Finding, 'file' | 'line' | 'column' | 'state'>;

/** A finding about a place in a state. */
export interface FoundAt {
  readonly state: StateView;
  readonly steps: readonly Step[];
  readonly found: Found;
}

/** Returns `file:line:column`, as editors and terminals open it. */
export const locationOf = ({ file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>): string =>
  line === undefined ? file : `${file}:${line}:${column ?? 1}`;

/** Returns what is wrong, behind the name of the state. */
export const messageOf = ({ state, what }: Pick<Finding, 'state' | 'what'>): string =>
  state === undefined ? what : `state '${state}': ${what}`;

/** Returns a finding as one line, for a log. */
export const lineOf = (finding: Finding): string =>
  `${locationOf(finding)} ${messageOf(finding)}; fix: ${finding.fix}`;

/** Returns a key and its value, ready to paste. */
export const paste = (key: string, value: unknown): string => `"${key}": ${JSON.stringify(value)}`;
