import { isObject, setOwn, type Json, type JsonObject } from '../values/json.js';
import type { Reader } from '../definition/reader.js';
import type { Variables } from './state-data.js';

/**
 * The variables of one thread. A branch or an iteration reads those around it, and sets its own, which end with
 * it, as the AWS page "Passing data between states with variables" has it.
 */
export class VariableScope implements Variables {
  #own: JsonObject = {};

  constructor(readonly outer?: VariableScope) {}

  get(name: string): Json | undefined {
    return Object.hasOwn(this.#own, name) ? this.#own[name] : this.outer?.get(name);
  }

  all(): JsonObject {
    return { ...this.outer?.all(), ...this.#own };
  }

  /** Sets all at once. The values before stay as they were for whoever still holds them. */
  assign(values: JsonObject): void {
    const next = { ...this.#own };
    for (const [name, value] of Object.entries(values)) setOwn(next, name, value);
    this.#own = next;
  }
}

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const NAME_LIMIT = 80;

/**
 * The names that an Assign sets; one that cannot be is a problem. AWS page "Passing data between states with
 * variables".
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
