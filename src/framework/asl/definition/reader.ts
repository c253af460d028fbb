import { meantName, proposal } from '../../base/show.js';
import { isObject, type Json, type JsonObject } from '../values/json.js';
import { eachName } from '../values/json-scan.js';

/** A mistake in a definition, or a feature that the local service doesn't support. */
export interface DefinitionProblem {
  /** The code that Step Functions gives to the problem. @default SCHEMA_VALIDATION_FAILED */
  readonly code?: string;
  /** The path of the field in the definition, in Step Functions' notation: `/States/Greet/Next`. */
  readonly path: string;
  readonly text: string;
  /**
   * True if Step Functions reports this problem without the path of a field. The response of
   * ValidateStateMachineDefinition then has no `location` for it.
   * @default false
   */
  readonly placeless?: boolean;
  /** The fix, if one is known. The API's error message doesn't include it. */
  readonly fix?: string;
  /**
   * True if Step Functions runs the definition, and only the local service doesn't.
   * @default false
   */
  readonly unsupported?: true;
}

/** The owner of an Output and Assign that can read more than others can. */
export type ExitOf = 'catch' | 'work';

/** A mistake in a JSONata expression. */
export interface ExpressionFault {
  readonly code: string;
  readonly text: string;
  /**
   * The fields in which the expression is no mistake: the Output and Assign of a Catch, or those of a state whose work
   * has a result.
   * @default none
   */
  readonly allowedIn?: ExitOf;
}

/**
 * The data that is shared by all {@link Reader} objects of one definition. There is one for each object inside the
 * definition.
 */
interface Reading {
  readonly problems: DefinitionProblem[];
  /** Returns the mistakes in a JSONata expression. */
  readonly faults: (source: string) => readonly ExpressionFault[];
}

/** The largest number of seconds in a field of a definition. Amazon States Language reference. */
export const LONGEST_SECONDS = 99_999_999;

const PROBLEMS_KEPT = 1_000;

/**
 * Fields that Step Functions reports in an unusual way where they aren't allowed: with the path of the object that
 * contains the field, not with the path of the field itself. Measured at the live service.
 */
const MEASURED_UNREAD = new Set(['TimeoutSeconds', 'Catch', 'Retry', 'QueryLanguage']);

/**
 * Reads the fields of one object of a definition. Mistakes become problems; nothing is thrown. A field that was never
 * read is a problem too, so that no part of a definition is ignored silently.
 */
export class Reader {
  readonly #unread: Set<string>;
  /**
   * The name of every field that this code has asked for. If the object has an unknown field, these names (without
   * those that it has) are the candidates for "did you mean".
   */
  readonly #asked = new Set<string>();

  constructor(
    readonly source: JsonObject,
    readonly path: string,
    readonly reading: Reading,
    /** The length of the path of the state to which this object belongs. `locate` cuts this part off a path. */
    private readonly base = path.length,
    /** The names of the variables that are read by the state to which this object belongs. */
    readonly variables: Set<string> = new Set(),
  ) {
    this.#unread = new Set(Object.keys(source));
    this.#unread.delete('Comment');
  }

  problem(text: string, field?: string, fix?: string): void {
    const path = field === undefined ? this.path || '/' : `${this.path}/${field}`;
    this.report({ path, text, ...(fix !== undefined && { fix }) });
  }

  /**
   * Adds a problem to the list. At most PROBLEMS_KEPT are kept, since a large definition could have one in every state.
   */
  report(problem: DefinitionProblem): void {
    const { problems } = this.reading;
    if (problems.length < PROBLEMS_KEPT) problems.push(problem);
  }

  /**
   * Adds the mistakes in a JSONata expression to the problems. Returns true if the expression has any.
   * @param location the path of the expression within its state, from `locate`
   * @param exitOf the owner of the Output or Assign that has the expression. @default it is another field
   */
  faults(source: string, location: string, exitOf?: ExitOf): boolean {
    const faults = this.reading
      .faults(source)
      .filter(({ allowedIn }) => allowedIn === undefined || allowedIn !== exitOf);
    const path = `${this.path.slice(0, this.base)}/${location}`;
    for (const { code, text } of faults) this.report({ code, path, text });
    return faults.length > 0;
  }

  /** Returns the path of a field, relative to the state to which the object belongs: `Choices[0]/Condition`. */
  locate(field: string): string {
    return `${this.path}/${field}`.slice(this.base + 1);
  }

  /**
   * Returns a reader for the same object as a state: its `locate` returns paths relative to this object, and its
   * `variables` are empty at first.
   */
  asState(): Reader {
    return new Reader(this.source, this.path, this.reading);
  }

  has(field: string): boolean {
    this.#asked.add(field);
    return Object.hasOwn(this.source, field);
  }

  /** Reads a field of any type; undefined if the field is absent. */
  json(field: string): Json | undefined {
    this.#asked.add(field);
    this.#unread.delete(field);
    return this.has(field) ? this.source[field] : undefined;
  }

  string(field: string): string | undefined {
    return this.#typed(field, 'a string', (value) => typeof value === 'string') as string | undefined;
  }

  requiredString(field: string): string {
    if (!this.has(field)) this.problem(`The field '${field}' is missing`, undefined, `write "${field}": "…"`);
    return this.string(field) ?? '';
  }

  boolean(field: string): boolean | undefined {
    return this.#typed(field, 'a boolean', (value) => typeof value === 'boolean') as boolean | undefined;
  }

  number(field: string): number | undefined {
    return this.#typed(field, 'a number', (value) => typeof value === 'number') as number | undefined;
  }

  /** Reads an integer from `min` to `max`, both included. @param fraction true if it need not be an integer */
  integer(field: string, min: number, max: number, fraction = false): number | undefined {
    const isNumber = (value: unknown): boolean =>
      fraction ? typeof value === 'number' : Number.isInteger(value);
    const fits = (value: Json): boolean => isNumber(value) && Number(value) >= min && Number(value) <= max;
    const given = this.source[field];
    if (isNumber(given) && Number(given) < min) {
      this.json(field);
      this.problem(`Minimum value is ${min}`, field);
      return undefined;
    }
    const what = fraction ? 'a number' : 'an integer';
    return this.#typed(field, `${what} from ${min} to ${max}`, fits) as number | undefined;
  }

  strings(field: string): string[] | undefined {
    const fits = (value: Json): boolean =>
      Array.isArray(value) && value.every((item) => typeof item === 'string');
    return this.#typed(field, 'a list of strings', fits) as string[] | undefined;
  }

  object(field: string): Reader | undefined {
    const value = this.#typed(field, 'an object', isObject) as JsonObject | undefined;
    return value && new Reader(value, `${this.path}/${field}`, this.reading, this.base, this.variables);
  }

  objects(field: string): Reader[] | undefined {
    const fits = (value: Json): boolean => Array.isArray(value) && value.every(isObject);
    const value = this.#typed(field, 'a list of objects', fits) as JsonObject[] | undefined;
    return value?.map(
      (item, i) => new Reader(item, `${this.path}/${field}[${i}]`, this.reading, this.base, this.variables),
    );
  }

  /**
   * Adds a problem if the object has both of two fields with the same meaning, since neither should silently override
   * the other.
   */
  exclusive(field: string, other: string): void {
    if (!this.has(field) || !this.has(other)) return;
    this.problem(`There must not be both '${field}' and '${other}'`, other, `remove one of them`);
  }

  /**
   * Adds a problem for each of the object's fields that was never read through this reader, since such a field has no
   * effect. To be called after all supported fields have been read.
   */
  finish(explain: (field: string) => string = (field) => `The field '${field}' is not supported here`): void {
    const absent = [...this.#asked].filter((field) => !Object.hasOwn(this.source, field));
    for (const field of this.#unread) {
      if (MEASURED_UNREAD.has(field)) {
        this.problem(`Field '${field}' is not supported`, undefined, `remove '${field}'`);
        continue;
      }
      const meant = meantName(field, absent);
      this.problem(explain(field), field, meant ? proposal(meant) : `remove '${field}'`);
    }
  }

  #typed(field: string, expected: string, fits: (value: Json) => boolean): Json | undefined {
    const value = this.json(field);
    if (value === undefined) return undefined;
    if (fits(value)) return value;
    this.problem(`Expected '${field}' to be ${expected}`, field, `write ${expected}`);
    return undefined;
  }
}

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
