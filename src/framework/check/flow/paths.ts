/**
 * Finds the paths that lead nowhere (`leadsTo`), and what is known of the values that the paths, intrinsic functions and
 * templates in a state's fields make.
 */

import { isPlainObject } from '../../base/json.js';
import {
  BOOLEAN,
  type ObjectShape,
  inputPart,
  itemOf,
  ListOf,
  literal,
  Missing,
  NUMBER,
  part,
  type Shape,
  TEXT,
  UNKNOWN,
} from './shape.js';
import { compileIntrinsic } from '../../asl/jsonpath/intrinsics.js';
import { compilePath, referenceSteps } from '../../asl/jsonpath/path.js';
import { isDefinite, type PathStep } from '../../asl/jsonpath/steps.js';
import { Evaluation, Lost } from './jsonata-evaluation.js';
import { parsed, Scope } from './jsonata-expression.js';

/** The knowledge of the values that a field of a state can read. */
export interface Environment {
  readonly input: Shape;
  /** The result of the state's work. Absent before it. */
  readonly result?: Shape;
  /** The object that describes a failure, in a Catch. */
  readonly errorOutput?: Shape;
  /** The variables that a state before may have assigned. There are no others. */
  readonly variables: ObjectShape;
  /** The item of the innermost Map; undefined outside any Map. */
  readonly item: Shape | undefined;
}

/** Returns what is known of the context object. AWS page "Accessing execution data from the Context object". */
const contextOf = ({ item }: Pick<Environment, 'item'>): ObjectShape => ({
  Execution: {
    Id: TEXT,
    Input: inputPart([]),
    Name: TEXT,
    RoleArn: TEXT,
    StartTime: TEXT,
    RedriveCount: NUMBER,
    RedriveTime: TEXT,
  },
  StateMachine: { Id: TEXT, Name: TEXT },
  State: { Name: TEXT, EnteredTime: TEXT, RetryCount: NUMBER },
  Task: { Token: TEXT },
  ...(item !== undefined && { Map: { Item: { Index: NUMBER, Value: item, Key: TEXT, Source: TEXT } } }),
});

/** A path, or a part of an expression, that leads to nothing. */
export interface DeadPath {
  /** The keys and indexes that lead from the state to it. */
  readonly steps: readonly (string | number)[];
  readonly path: string;
  readonly missing: Missing;
  /** True if whatever reads the path fails. If not, it gets a value without this part. */
  readonly isSure: boolean;
}

/** A field of a state, the values that it can read, and the list for its dead paths. */
export interface StateField {
  readonly environment: Environment;
  readonly steps: DeadPath['steps'];
  /** The paths that lead to nothing are added to it. */
  readonly dead: DeadPath[];
}

/** Returns the field inside another one. */
const inside = (field: StateField, step: string | number): StateField => ({
  ...field,
  steps: [...field.steps, step],
});

/**
 * Returns what is known of the value that a template makes.
 * @param read reads a text, or returns undefined if nothing is evaluated in it. `key` is the key of the text
 */
function templateShape(
  template: unknown,
  field: StateField,
  read: (text: string, field: StateField, key: string) => Shape | undefined,
  key = '',
): Shape {
  if (typeof template === 'string') return read(template, field, key) ?? literal(template);
  if (Array.isArray(template))
    return template.map((each, index) => templateShape(each, inside(field, index), read));
  if (!isPlainObject(template)) return literal(template);
  return Object.fromEntries(
    Object.entries(template).map(([name, each]): [string, Shape] => [
      name.replace(/\.\$$/, ''),
      templateShape(each, inside(field, name), read, name),
    ]),
  );
}

/** The types of the results of intrinsic functions. AWS page "Intrinsic functions for JSONPath states". */
const INTRINSICS: Readonly<Record<string, Shape>> = {
  Array: new ListOf(UNKNOWN),
  ArrayContains: BOOLEAN,
  ArrayLength: NUMBER,
  ArrayPartition: new ListOf(new ListOf(UNKNOWN)),
  ArrayRange: new ListOf(NUMBER),
  ArrayUnique: new ListOf(UNKNOWN),
  Base64Decode: TEXT,
  Base64Encode: TEXT,
  Format: TEXT,
  Hash: TEXT,
  JsonToString: TEXT,
  MathAdd: NUMBER,
  MathRandom: NUMBER,
  StringSplit: new ListOf(TEXT),
  UUID: TEXT,
};

/** Returns what is known of the value that a JSONPath template makes. */
export const pathTemplate = (template: unknown, field: StateField): Shape =>
  templateShape(template, field, (text, at, key) => (key.endsWith('.$') ? pathShape(text, at) : undefined));

/** Returns what is known of the value to which a path or an intrinsic function leads. */
export function pathShape(path: unknown, field: StateField): Shape {
  if (typeof path !== 'string') return UNKNOWN;
  const [, intrinsic] = /^States\.(\w+)\(/.exec(path) ?? [];
  if (intrinsic !== undefined) {
    for (const each of pathsIn(path)) pathShape(each, field);
    return INTRINSICS[intrinsic] ?? UNKNOWN;
  }
  const { found, isSure } = leadsTo(path, field.environment);
  if (!(found instanceof Missing)) return found;
  field.dead.push({ steps: field.steps, path, missing: found, isSure });
  return isSure ? UNKNOWN : new ListOf(UNKNOWN);
}

/** Returns the paths among the arguments of an intrinsic function, at any depth. */
function pathsIn(call: string): string[] {
  const paths: string[] = [];
  const add = (path: string): (() => null) => {
    paths.push(path);
    return () => null;
  };
  return orUndefined(() => compileIntrinsic(call, add)) ? paths : [];
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** The value at the end of a path. `isSure` is false for a path to several values, which makes a list of those there are. */
interface End {
  readonly found: Shape | Missing;
  readonly isSure: boolean;
}

/** Returns what is known of the end of a path. */
export function leadsTo(path: string, environment: Environment): End {
  const [whole = '$', name] = /^\$(\p{ID_Start}\p{ID_Continue}*|\$)/u.exec(path) ?? [];
  const compiled = orUndefined(() => compilePath(`$${path.slice(whole.length)}`));
  const { variables, input } = environment;
  if (name !== undefined && name !== '$' && !Object.hasOwn(variables, name))
    return { found: new Missing(name, variables, 'variable'), isSure: true };
  const root = name === '$' ? contextOf(environment) : name === undefined ? input : variables[name];
  if (!compiled) return { found: UNKNOWN, isSure: true };
  const { steps } = compiled;
  const definite = isDefinite(steps);
  const found = steps.reduce<Shape | Missing>(after, root ?? UNKNOWN);
  const isList = !definite && !(found instanceof Missing) && !steps.some(({ kind }) => kind === 'function');
  return { found: isList ? new ListOf(found) : found, isSure: definite };
}

/** Returns what is known after one more step of a path. */
function after(at: Shape | Missing, step: PathStep): Shape | Missing {
  if (at instanceof Missing) return at;
  const [key, ...others] = step.kind === 'names' ? step.names : step.kind === 'indexes' ? step.indexes : [];
  if (key === undefined) {
    const isItem = step.kind === 'every' || step.kind === 'slice' || step.kind === 'filter';
    return (isItem ? itemOf(at) : undefined) ?? UNKNOWN;
  }
  if (others.length > 0 || Number(key) < 0) return UNKNOWN;
  return part(at, key) ?? new Missing(String(key), at);
}

/** Returns the names and indexes in a reference path such as `$.order.lines[0]`; undefined for any other path. */
export const pathKeys = (path: string): (string | number)[] | undefined =>
  orUndefined(() => referenceSteps(path));

/** Returns what is known of the value that a JSONata template makes. */
export const expressionTemplate = (template: unknown, field: StateField): Shape =>
  templateShape(template, field, (text, at) => {
    const [, source] = /^\{%(.*)%\}$/s.exec(text) ?? [];
    return source === undefined ? undefined : expressionShape(source, at);
  });

/** The scopes of variables that were made. A state may have many expressions, and a machine many variables. */
const scopes = new WeakMap<ObjectShape, Scope>();

function scopeOf(variables: ObjectShape): Scope {
  const scope = scopes.get(variables) ?? new Scope(Object.entries(variables));
  scopes.set(variables, scope);
  return scope;
}

function expressionShape(source: string, { environment, steps, dead }: StateField): Shape {
  const ast = parsed(source);
  if (!ast) return UNKNOWN;
  const { input, result, errorOutput, variables } = environment;
  const states = {
    input,
    context: contextOf(environment),
    ...(result !== undefined && { result }),
    ...(errorOutput !== undefined && { errorOutput }),
  };
  const add = (missing: Missing, path: string, isSure: boolean): void =>
    void dead.push({ steps, path, missing, isSure });
  const scope = new Scope([['states', states]], scopeOf(variables));
  const found = new Evaluation(scope, UNKNOWN, add).sequence([ast]);
  if (!(found instanceof Lost)) return found;
  add(found.missing, found.path, true);
  return UNKNOWN;
}
