import { isObject, type Json } from '../values/json.js';
import { didYouMean, nearest, type Reader } from './reader.js';

/** The code of the problem that no state can end the machine. Step Functions reports this problem without a path. */
export const NO_END = 'MISSING_END_STATE';

/**
 * Adds a problem for each target that doesn't exist, and for each state that isn't a target, so can't be reached. If no
 * state can end the machine, that is reported instead of the states that can't be reached. Branches and iterations
 * don't need a state that ends the machine.
 */
export function checkTargets(reader: Reader, states: Reader, startAt: string | undefined): void {
  const reached = checkExistence(reader, states, startAt);
  const isMachine = reader.path === '';
  if (isMachine && !Object.values(states.source).some(mayEnd)) {
    const fix = 'let a state end it, by "End": true or as one of Type Succeed or Fail';
    reader.report({ code: NO_END, path: '/', text: 'Workflow has no terminal state', fix });
  } else checkReached(states, reached);
}

/** Adds a problem for each target that doesn't exist. @returns all targets, including StartAt */
function checkExistence(
  reader: Reader,
  states: Reader,
  startAt: string | undefined,
): ReadonlySet<string | undefined> {
  const names = Object.keys(states.source);
  const known = new Set(names);
  const reached = new Set<string | undefined>([startAt]);
  if (startAt !== undefined && !known.has(startAt))
    reader.problem(missing(startAt), 'StartAt', fixTarget(startAt, names));
  for (const [name, state] of Object.entries(states.source)) {
    for (const [field, target] of targetsOf(state)) {
      reached.add(target);
      if (!known.has(target)) states.problem(missing(target), `${name}/${field}`, fixTarget(target, names));
    }
  }
  return reached;
}

function checkReached(states: Reader, reached: ReadonlySet<string | undefined>): void {
  for (const name of Object.keys(states.source)) {
    if (reached.has(name)) continue;
    const fix = "let a 'Next' lead to it, or take it out";
    states.problem(`The state '${name}' cannot be reached`, name, fix);
  }
}

/**
 * Returns true if a state can end the machine. Also returns true if the state has no target: it may be meant to end the
 * machine, and the missing `End` or `Next` is reported as another mistake.
 */
function mayEnd(state: Json): boolean {
  if (!isObject(state) || state['Type'] === 'Succeed' || state['Type'] === 'Fail') return true;
  return state['Type'] !== 'Choice' && (state['End'] === true || typeof state['Next'] !== 'string');
}

/** The most names that the text of a fix lists. */
const NAMES_SHOWN = 20;

function fixTarget(target: string, names: readonly string[]): string {
  const meant = nearest(target, names);
  if (meant) return didYouMean(meant);
  const more = names.length > NAMES_SHOWN ? `, and ${names.length - NAMES_SHOWN} others` : '';
  return `write one of these states: ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
}

function missing(target: string): string {
  return `Missing 'Next' target: ${target}`;
}

function targetsOf(state: Json): [string, string][] {
  if (!isObject(state)) return [];
  const targets: [string, Json | undefined][] = [
    ['Next', state['Next']],
    ['Default', state['Default']],
  ];
  for (const field of ['Choices', 'Catch']) {
    const list = state[field];
    if (!Array.isArray(list)) continue;
    for (const [i, item] of list.entries()) {
      if (isObject(item)) targets.push([`${field}[${i}]/Next`, item['Next']]);
    }
  }
  return targets.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

/** Returns the names of the variables that the states of one scope (the machine, a branch or an iteration) set. */
export function assignedNames(states: Reader): Set<string> {
  const names = new Set<string>();
  for (const state of Object.values(states.source)) {
    if (!isObject(state)) continue;
    for (const part of [state, ...listOf(state['Choices']), ...listOf(state['Catch'])]) {
      const assign = isObject(part) ? part['Assign'] : undefined;
      if (isObject(assign)) for (const key of Object.keys(assign)) names.add(key.replace(/\.\$$/, ''));
    }
  }
  return names;
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
