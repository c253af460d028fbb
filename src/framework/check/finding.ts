import type { JsonEdit } from './source/json-edit.js';
import type { Position, JsonStep } from './source/json-text.js';
import type { StateView } from './machine-states.js';

/** The codes of findings about classes and state machines. They are stable, so programs may compare them. */
export type FindingCode =
  | 'MACHINE_INVALID'
  | 'MACHINE_UNSUPPORTED'
  | 'ACTIVITY_WITHOUT_HANDLER'
  | 'HANDLER_WITHOUT_STATE'
  | 'HEARTBEAT_TOO_SLOW'
  | 'HEARTBEAT_SECONDS_MISSING'
  | 'TIMEOUT_SECONDS_TOO_SHORT'
  | 'TIMEOUT_SECONDS_MISSING'
  | 'TIMEOUT_SECONDS_TOO_LONG'
  | 'MACHINE_TIMEOUT_MISSING'
  | 'RETRY_MISSING'
  | 'ERROR_NAME_UNKNOWN'
  | 'ERROR_NAME_UNMATCHED'
  | 'ERROR_NAME_UNREACHED'
  | 'PAYLOAD_MISFIT'
  | 'PATH_LEADS_NOWHERE'
  | 'FIELD_NOT_INLINE';

/** A disagreement between a class and a state machine, or something that a state machine lacks. */
export interface Finding extends Partial<Position> {
  readonly code: FindingCode;
  /**
   * `error`: an execution that reaches this state always fails. `advice`: the finding matters only if something else
   * fails, such as a worker.
   */
  readonly level: 'error' | 'advice';
  /** The subject of the finding: a file, the ARN of a deployed machine, or a handler as `Class.method`. */
  readonly file: string;
  readonly state?: string;
  readonly what: string;
  readonly fix: string;
  /** The JSON text to paste into the machine; absent if the fix is only to change a name. */
  readonly paste?: string;
  /** The edits that `--fix` makes; absent if a person has to decide. */
  readonly edits?: readonly JsonEdit[];
}

/** A finding before its position is known. */
export type Found = Omit<Finding, 'file' | 'line' | 'column' | 'state'>;

/** A finding with its position in a machine: the state, and the keys and indexes that lead to the value. */
export interface FoundAt {
  readonly state: StateView;
  readonly steps: readonly JsonStep[];
  readonly found: Found;
}

/** Returns `file:line:column`, as editors and terminals open it. */
export const locationOf = ({ file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>): string =>
  line === undefined ? file : `${file}:${line}:${column ?? 1}`;

/** Returns the message of a finding, with the state's name in front of it. */
export const messageOf = ({ state, what }: Pick<Finding, 'state' | 'what'>): string =>
  state === undefined ? what : `state '${state}': ${what}`;

/** Returns a finding as one line of text, for a log. */
export const lineOf = (finding: Finding): string =>
  `${locationOf(finding)}: ${messageOf(finding)}; fix: ${finding.fix}`;

/** Returns the fix of a finding, and the command that makes it if one does. */
export function fixOf({ fix, edits }: Pick<Finding, 'fix' | 'edits'>): string {
  const [edit] = edits ?? [];
  if (!edit) return fix;
  const effect =
    edit.kind === 'replace' ? `sets ${edit.at.at(-1)} to ${JSON.stringify(edit.value)}` : 'writes it';
  return `${fix}; \`npx stepwright check --fix\` ${effect}`;
}

/** Returns a key and its value as JSON text, ready to paste. */
export const paste = (key: string, value: unknown): string => `"${key}": ${JSON.stringify(value)}`;
