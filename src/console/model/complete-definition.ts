import { KINDS, kindOf, type StateKind } from '../../framework/asl/kinds.js';
import { getLocation, type JSONPath, parseTree, findNodeAtLocation } from 'jsonc-parser';

/** The texts that could be written at a place. */
export interface Completions {
  /** The part of the text that a choice replaces. */
  readonly from: number;
  readonly to: number;
  readonly options: readonly string[];
}

const MACHINE = ['StartAt', 'States', 'Comment', 'QueryLanguage', 'TimeoutSeconds', 'Version'];
const ANY_STATE = ['Type', 'Comment', 'QueryLanguage'];
const WITHOUT_TYPE = [...ANY_STATE, 'Next', 'End', 'InputPath', 'OutputPath', 'Output', 'Assign'];

/** Returns the fields that a state can have, those of its own type first. */
function fieldsOf(type: unknown): readonly string[] {
  const kind = kindOf(type);
  if (!kind) return WITHOUT_TYPE;
  const { fields, flow, holds, leaves, recovers } = kind;
  const { arguments: takes, result, selector, output = true, assign = true } = flow;
  return [
    ...(holds?.fields.slice(0, 1) ?? []),
    ...fields,
    ...(takes ? ['Parameters'] : []),
    ...(takes === true ? ['Arguments'] : []),
    ...(selector ? ['ResultSelector'] : []),
    ...(result ? ['ResultPath'] : []),
    ...(recovers ? ['Retry', 'Catch'] : []),
    ...leaves,
    ...(leaves.includes('Next') ? ['End'] : []),
    ...(output ? ['InputPath', 'OutputPath', 'Output'] : []),
    ...(assign ? ['Assign'] : []),
    ...ANY_STATE,
  ];
}

const HOLDING = Object.values<StateKind>(KINDS).flatMap(({ holds }) => holds?.fields ?? []);

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
  Type: Object.keys(KINDS),
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
  return keysOf(path, object['Type']).filter((key) => !Object.hasOwn(object, key));
}

/** Returns the value of a key; undefined if the table has it not or has inherited it. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function keysOf(path: JSONPath, type: unknown): readonly string[] {
  const [parent, index] = path.slice(-2);
  // A group stands in its field, or in a list there. A state may be named like such a field.
  const field = typeof index === 'number' ? parent : path.at(-1);
  if (path.length === 0 || (parent !== 'States' && HOLDING.includes(String(field)))) return MACHINE;
  if (parent === 'States' && typeof index === 'string') return fieldsOf(type);
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
