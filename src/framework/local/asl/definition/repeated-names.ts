import { eachName } from '../values/json-scan.js';
import type { DefinitionProblem } from './reader.js';

/** The code of the problem that a name of a state appears more than once. API reference of Step Functions. */
export const DUPLICATE = 'DUPLICATE_STATE_NAME';
const ANOTHER_NAME = 'give one of them another name: names are unique in a machine, its branches included';

/** Returns the problem of a state whose name another state has too. @param path the path of the second one */
export const repeatedName = (name: string, path: string): DefinitionProblem => ({
  code: DUPLICATE,
  path,
  text: `There is more than one state named '${name}'`,
  fix: ANOTHER_NAME,
});

/** Returns a problem for each state that a text repeats in the same object, where JSON keeps the last one alone. */
export function repeatedNames(definition: string): DefinitionProblem[] {
  const seen = new Set<string>();
  const problems: DefinitionProblem[] = [];
  eachName(definition, (keys) => {
    if (keys.at(-2) !== 'States' || !isNameOfState(keys)) return;
    const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `/${key}`)).join('');
    if (seen.has(path)) problems.push(repeatedName(String(keys.at(-1)), path));
    seen.add(path);
  });
  return problems;
}

/** Returns true if the last of the keys names a state of the machine, of a branch or of an iteration. */
function isNameOfState(keys: readonly (string | number)[]): boolean {
  let at = 0;
  while (keys[at] === 'States' && at + 2 < keys.length) {
    const inner = keys[at + 2];
    if (inner !== 'Branches' && inner !== 'ItemProcessor' && inner !== 'Iterator') return false;
    at += inner === 'Branches' ? 4 : 3;
  }
  return keys[at] === 'States' && at + 2 === keys.length;
}
