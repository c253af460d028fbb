import { isObject, type Json, type JsonObject } from '../values/json.js';
import { transitionsOf, groupsIn, kindOf, rulesIn, type Transition, type Steps } from '../kinds.js';
import { meantName, proposal } from '../../base/show.js';
import type { Reader } from './reader.js';

/**
 * The code of the problem "no state can end the machine". Step Functions reports this problem without the path of a
 * field.
 */
export const NO_END = 'MISSING_END_STATE';

/**
 * The code of two problems: a state that is named as the next one doesn't exist, and a state can't be reached. Measured
 * at the live service.
 */
export const NO_TARGET = 'MISSING_TRANSITION_TARGET';

/**
 * Adds a problem for each target (a state that StartAt, Next or Default names) that doesn't exist, and for each state
 * that can't be reached (recorded). If no state can end the machine, only that is reported. Branches and iterations
 * need no state that ends them.
 */
export function checkTargets(reader: Reader, states: Reader, startAt: string | undefined): void {
  const graph = new Map(
    Object.entries(states.source).map(([name, state]) => [name, isObject(state) ? transitionsOf(state) : []]),
  );
  checkExistence(reader, graph, startAt);
  const isMachine = reader.path === '';
  if (isMachine && !Object.values(states.source).some(mayEnd)) {
    const fix = 'let a state end it, by "End": true or as one of Type Succeed or Fail';
    reader.report({ code: NO_END, path: '/', text: 'Workflow has no terminal state', fix });
  } else if (startAt !== undefined) checkReached(states, graph, startAt);
}

/** The transitions from each state, by the state's name. */
type Graph = ReadonlyMap<string, readonly Transition<JsonObject>[]>;

function checkExistence(reader: Reader, graph: Graph, startAt: string | undefined): void {
  const names = [...graph.keys()];
  const check = (target: string, path: string): void => {
    if (graph.has(target)) return;
    const text = `Missing 'Next' target: ${target}`;
    reader.report({ code: NO_TARGET, path: reader.path + path, text, fix: fixTarget(target, names) });
  };
  if (startAt !== undefined) check(startAt, '/StartAt');
  for (const [name, transitions] of graph)
    for (const { steps, to } of transitions) check(to, pathOf(['States', name, ...steps]));
}

function checkReached(states: Reader, graph: Graph, startAt: string): void {
  const reached = new Set<string>();
  const open = [startAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name) || !graph.has(name)) continue;
    reached.add(name);
    for (const { to } of graph.get(name) ?? []) open.push(to);
  }
  for (const name of graph.keys()) {
    if (reached.has(name)) continue;
    const fix = "let a 'Next' lead to it, or remove it";
    const text = `State "${name}" is not reachable.`;
    states.report({ code: NO_TARGET, path: `${states.path}/${name}`, text, fix });
  }
}

/**
 * Returns true if a state can end the machine. Also returns true if the state has no target: it may be meant to end the
 * machine, and the missing `End` or `Next` is reported as another mistake.
 */
function mayEnd(state: Json): boolean {
  if (!isObject(state)) return true;
  const leaves = kindOf(state['Type'])?.leaves ?? ['Next'];
  if (leaves.length === 0) return true;
  return leaves.includes('Next') && (state['End'] === true || typeof state['Next'] !== 'string');
}

/** The most names of states that a proposed fix lists. */
const NAMES_SHOWN = 20;

function fixTarget(target: string, names: readonly string[]): string {
  const meant = meantName(target, names);
  if (meant) return `no state is named '${target}'; ${proposal(meant)}`;
  const more = names.length > NAMES_SHOWN ? `, and ${names.length - NAMES_SHOWN} others` : '';
  return `no state is named '${target}'; write one of these: ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
}

/**
 * Returns the names of the variables that the states of one scope (the machine, a branch or an iteration) set, each with
 * the names of these states.
 */
export function assignedNames(states: Reader): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const [state, source] of Object.entries(states.source))
    for (const [, { Assign: assign }] of isObject(source) ? rulesIn(source) : [])
      for (const key of isObject(assign) ? Object.keys(assign) : []) {
        const name = key.replace(/\.\$$/, '');
        names.set(name, (names.get(name) ?? new Set()).add(state));
      }
  return names;
}

/** A state of a definition, at any depth. */
export interface FoundState {
  readonly name: string;
  /** The keys and indexes that lead from the machine to the state. */
  readonly steps: Steps;
  readonly source: JsonObject;
  readonly language: 'JSONPath' | 'JSONata';
  /** The states in which it is nested, the innermost first. */
  readonly around: readonly FoundState[];
}

/** Returns the path of a part of a definition, as the messages of Step Functions have it. */
export const pathOf = (steps: Steps): string =>
  steps.map((step) => (typeof step === 'number' ? `[${step}]` : `/${step}`)).join('');

/** Returns every state of a definition. @throws SyntaxError if it isn't JSON. See {@link statesIn} */
export const statesOf = (definition: string): FoundState[] => [
  ...statesIn(JSON.parse(definition) as JsonObject),
];

/**
 * Yields every state of a definition, each before the states nested in it. Values that aren't objects are left out.
 * States without a query language have that of the machine, not that of the state around them.
 */
export function* statesIn(machine: JsonObject): Generator<FoundState> {
  yield* statesOfGroup(machine, [], languageOf(machine, 'JSONPath'), []);
}

const languageOf = (source: JsonObject, inherited: FoundState['language']): FoundState['language'] => {
  const { QueryLanguage: own } = source;
  return own === 'JSONata' || own === 'JSONPath' ? own : inherited;
};

function* statesOfGroup(
  group: JsonObject,
  steps: Steps,
  inherited: FoundState['language'],
  around: readonly FoundState[],
): Generator<FoundState> {
  const { States: states } = group;
  for (const [name, source] of isObject(states) ? Object.entries(states) : []) {
    if (!isObject(source)) continue;
    const at = [...steps, 'States', name];
    const state = { name, steps: at, source, language: languageOf(source, inherited), around };
    yield state;
    for (const held of groupsIn(source))
      yield* statesOfGroup(held.group, [...at, ...held.steps], inherited, [state, ...around]);
  }
}
