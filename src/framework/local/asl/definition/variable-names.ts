import { isObject } from '../values/json.js';
import type { Reader } from './reader.js';

const NAME = /^\p{ID_Start}\p{ID_Continue}*$/u;
const NAME_LIMIT = 80;

/**
 * Reads the names of the variables that an Assign sets, and adds a problem for each invalid name. AWS page "Passing
 * data between states with variables".
 */
export function readVariableNames(reader: Reader): string[] {
  const source = reader.source['Assign'];
  if (source === undefined) return [];
  if (!isObject(source)) {
    reader.problem("Expected 'Assign' to be an object", 'Assign');
    return [];
  }
  const names = Object.keys(source).map((key) => key.replace(/\.\$$/, ''));
  for (const name of names) {
    if (!NAME.test(name) || name.length > NAME_LIMIT || name === 'states') {
      reader.problem(`'${name}' is not a valid name of a variable`, `Assign/${name}`);
    }
  }
  return names;
}
