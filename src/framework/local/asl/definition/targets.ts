import { isObject, type Json } from '../values/json.js';
import { didYouMean, nearest, type Reader } from './reader.js';

/** The code of a machine that never ends. The service gives it no place. */
export const NO_END = 'MISSING_END_STATE';

/**
 * Adds a problem for each target that does not exist, and for each state that is no target. A machine must also have a
 * state that ends it; its branches and iterations need none, and without one nothing is said of unreachable states.
 */
export function checkTargets(reader: Reader, states: Reader, startAt: string | undefined): void {
  const names = new Set(Object.keys(states.source));
  const reached = new Set<string | undefined>([startAt]);
  if (startAt !== undefined && !names.has(startAt))
    reader.problem(missing(startAt), 'StartAt', fixTarget(startAt, names));
  for (const [name, state] of Object.entries(states.source)) {
    for (const [field, target] of targetsOf(state)) {
      reached.add(target);
      if (!names.has(target)) states.problem(missing(target), `${name}/${field}`, fixTarget(target, names));
    }
  }
  const isMachine = reader.path === '';
  if (isMachine && !Object.values(states.source).some(mayEnd)) {
    const fix = 'let a state end it, by "End": true or as one of Type Succeed or Fail';
    reader.reading.problems.push({ code: NO_END, path: '/', text: 'Workflow has no terminal state', fix });
    return;
  }
  for (const name of names) {
    if (!reached.has(name))
      states.problem(
        `The state '${name}' cannot be reached`,
        name,
        "let a 'Next' lead to it, or take it out",
      );
  }
}

/** A state without any target may be meant to end: what it lacks is a mistake of its own. */
function mayEnd(state: Json): boolean {
  if (!isObject(state) || state['Type'] === 'Succeed' || state['Type'] === 'Fail') return true;
  return state['Type'] !== 'Choice' && (state['End'] === true || typeof state['Next'] !== 'string');
}

/** The most names that a fix lists. */
const NAMES_SHOWN = 20;

function fixTarget(target: string, names: ReadonlySet<string>): string {
  const all = [...names];
  const meant = nearest(target, all);
  if (meant) return didYouMean(meant);
  const more = all.length > NAMES_SHOWN ? `, and ${all.length - NAMES_SHOWN} others` : '';
  return `write one of these states: ${all.slice(0, NAMES_SHOWN).join(', ')}${more}`;
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

/** Returns the names of the variables that the states of one scope set. */
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
