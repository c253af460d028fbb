import type { JsonEdit } from './source/json-edit.js';
import type { Position, Step } from './source/json-text.js';
import type { StateView } from './machine-states.js';

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

/** A disagreement between a class and a state machine, or something that a machine should have. */
export interface Finding extends Partial<Position> {
  readonly code: FindingCode;
  /** `error`: fails whenever an execution comes to it. `advice`: matters only when something else fails. */
  readonly level: 'error' | 'advice';
  /** The file, the ARN of a deployed machine, or `Class.method` that the finding is about. */
  readonly file: string;
  readonly state?: string;
  readonly what: string;
  readonly fix: string;
  /** The JSON text to paste; absent where the fix is no more than a name. */
  readonly paste?: string;
  /** The edits that `--fix` makes; absent where only a person can decide. */
  readonly edits?: readonly JsonEdit[];
}

/** A finding without its position. */
export type Found = Omit<Finding, 'file' | 'line' | 'column' | 'state'>;

/** A finding with its position in a machine: the state, and the steps to the value. */
export interface FoundAt {
  readonly state: StateView;
  readonly steps: readonly Step[];
  readonly found: Found;
}

/** Returns `file:line:column`, as editors and terminals open it. */
export const locationOf = ({ file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>): string =>
  line === undefined ? file : `${file}:${line}:${column ?? 1}`;

/** Returns the message of a finding, which begins with the state's name. */
export const messageOf = ({ state, what }: Pick<Finding, 'state' | 'what'>): string =>
  state === undefined ? what : `state '${state}': ${what}`;

/** Returns a finding as one line, for a log. */
export const lineOf = (finding: Finding): string =>
  `${locationOf(finding)} ${messageOf(finding)}; fix: ${finding.fix}`;

/** Returns a key and its value, ready to paste. */
export const paste = (key: string, value: unknown): string => `"${key}": ${JSON.stringify(value)}`;
