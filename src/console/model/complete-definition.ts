import { getLocation, type JSONPath, parseTree, findNodeAtLocation } from 'jsonc-parser';

/** The texts that could be written at a place. */
export interface Completions {
  /** The part of the text that a choice replaces. */
  readonly from: number;
  readonly to: number;
  readonly options: readonly string[];
}

const MACHINE = ['StartAt', 'States', 'Comment', 'QueryLanguage', 'TimeoutSeconds', 'Version'];
const ANY_STATE = [
  'Type',
  'Comment',
  'QueryLanguage',
  'Next',
  'End',
  'InputPath',
  'OutputPath',
  'Output',
  'Assign',
];
const WORK = ['Parameters', 'Arguments', 'ResultSelector', 'ResultPath', 'Retry', 'Catch'];
/** The fields of each type of state besides those of every state. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Task: [
    'Resource',
    'TimeoutSeconds',
    'TimeoutSecondsPath',
    'HeartbeatSeconds',
    'HeartbeatSecondsPath',
    'Credentials',
    ...WORK,
  ],
  Pass: ['Result', 'Parameters', 'ResultPath'],
  Choice: ['Choices', 'Default'],
  Wait: ['Seconds', 'Timestamp', 'SecondsPath', 'TimestampPath'],
  Fail: ['Error', 'Cause', 'ErrorPath', 'CausePath'],
  Succeed: [],
  Parallel: ['Branches', ...WORK],
  Map: [
    'ItemProcessor',
    'ItemsPath',
    'Items',
    'ItemSelector',
    'MaxConcurrency',
    'ToleratedFailurePercentage',
    ...WORK,
  ],
};
const RETRIER = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
];
const CATCHER = ['ErrorEquals', 'Next', 'ResultPath', 'Output', 'Assign'];
const CHOICE = [
  'Next',
  'Condition',
  'Variable',
  'And',
  'Or',
  'Not',
  'StringEquals',
  'StringMatches',
  'StringLessThan',
  'StringGreaterThan',
  'NumericEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'BooleanEquals',
  'TimestampEquals',
  'TimestampLessThan',
  'TimestampGreaterThan',
  'IsPresent',
  'IsNull',
  'IsString',
  'IsNumeric',
  'IsBoolean',
  'IsTimestamp',
  'Assign',
  'Output',
];
const ERRORS = [
  'States.ALL',
  'States.TaskFailed',
  'States.Timeout',
  'States.HeartbeatTimeout',
  'States.DataLimitExceeded',
  'States.Runtime',
  'States.Permissions',
  'States.ResultPathMatchFailure',
  'States.ParameterPathFailure',
  'States.BranchFailed',
  'States.NoChoiceMatched',
  'States.IntrinsicFailure',
  'States.ItemReaderFailed',
  'States.ExceedToleratedFailureThreshold',
  'States.QueryEvaluationError',
];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  Type: Object.keys(FIELDS),
  QueryLanguage: ['JSONata', 'JSONPath'],
  JitterStrategy: ['FULL', 'NONE'],
};

/**
 * Returns what could be written at an offset of a definition: the fields of a state, the names of states, the activities
 * that exist.
 */
export function completeDefinition(
  text: string,
  offset: number,
  activities: readonly string[],
): Completions | undefined {
  const { path, isAtPropertyKey, previousNode: node } = getLocation(text, offset);
  const isInside = node !== undefined && offset > node.offset && offset <= node.offset + node.length;
  const typed = /[\w.$:-]*$/.exec(text.slice(0, offset))?.[0] ?? '';
  const [from, to] = isInside ? [node.offset, node.offset + node.length] : [offset - typed.length, offset];
  const wanted = text.slice(from, offset).replace('"', '').toLowerCase();
  const all = isAtPropertyKey ? keysAt(text, path.slice(0, -1)) : valuesAt(text, path, activities);
  const after = isAtPropertyKey && !/^\s*:/.test(text.slice(to)) ? ': ' : '';
  const options = all
    .filter((each) => each.toLowerCase().includes(wanted))
    .map((each) => `${JSON.stringify(each)}${after}`);
  return options.length === 0 ? undefined : { from, to, options };
}

/** Returns the keys that an object of a definition can have and has not. */
function keysAt(text: string, path: JSONPath): readonly string[] {
  const object = objectAt(text, path);
  return keysOf(path, String(object['Type'])).filter((key) => !Object.hasOwn(object, key));
}

/** Returns the value of a key; undefined if the table has it not or has inherited it. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function keysOf(path: JSONPath, type: string): readonly string[] {
  const [parent, index] = path.slice(-2);
  if (path.length === 0 || parent === 'Branches' || path.at(-1) === 'ItemProcessor') return MACHINE;
  if (parent === 'States' && typeof index === 'string') return [...(own(FIELDS, type) ?? []), ...ANY_STATE];
  if (parent === 'Retry') return RETRIER;
  if (parent === 'Catch') return CATCHER;
  if (path.includes('Choices')) return CHOICE;
  return [];
}

function valuesAt(text: string, path: JSONPath, activities: readonly string[]): readonly string[] {
  const key = path.at(-1);
  if (typeof key === 'number') return path.at(-2) === 'ErrorEquals' ? ERRORS : [];
  if (key === 'Next' || key === 'Default') {
    const at = path.lastIndexOf('States');
    return at === -1 ? [] : Object.keys(objectAt(text, path.slice(0, at + 1)));
  }
  if (key === 'StartAt') return Object.keys(objectAt(text, [...path.slice(0, -1), 'States']));
  return key === 'Resource' ? activities : (own(VALUES, String(key)) ?? []);
}

/** Returns the members of an object in a text that need not be valid JSON yet. */
function objectAt(text: string, path: JSONPath): Readonly<Record<string, unknown>> {
  const tree = parseTree(text);
  const node = tree && findNodeAtLocation(tree, path);
  const members = node?.type === 'object' ? (node.children ?? []) : [];
  return Object.fromEntries(
    members.map(({ children: [name, value] = [] }) => [String(name?.value), value?.value as unknown]),
  );
}
