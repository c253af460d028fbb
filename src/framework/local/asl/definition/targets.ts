import { isObject, type Json } from '../values/json.js';
import { didYouMean, nearest, type Reader } from './reader.js';

/** Adds a problem for each target that does not exist, and for each state that is no target. */
export function checkTargets(reader: Reader, states: Reader, startAt: string): void {
  const names = new Set(Object.keys(states.source));
  const reached = new Set<string>([startAt]);
  if (startAt !== '' && !names.has(startAt))
    reader.problem(missing(startAt), 'StartAt', fixTarget(startAt, names));
  for (const [name, state] of Object.entries(states.source)) {
    for (const [field, target] of targetsOf(state)) {
      reached.add(target);
      if (!names.has(target)) states.problem(missing(target), `${name}/${field}`, fixTarget(target, names));
    }
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
