import { compileIntrinsic } from '../../local/asl/jsonpath/intrinsic-call.js';
import { compilePath, referenceSteps } from '../../local/asl/jsonpath/path/path.js';
import { isDefinite } from '../../local/asl/jsonpath/path/search.js';
import type { Step } from '../../local/asl/jsonpath/path/steps.js';
import { contextOf, type Environment, type Field, templateShape } from './environment.js';
import { BOOLEAN, itemOf, ListOf, Missing, NUMBER, part, type Shape, TEXT, UNKNOWN } from './shape.js';

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
export const pathTemplate = (template: unknown, field: Field): Shape =>
  templateShape(template, field, (text, at, key) => (key.endsWith('.$') ? pathShape(text, at) : undefined));

/** Returns what is known of the value to which a path or an intrinsic function leads. */
export function pathShape(path: unknown, field: Field): Shape {
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

/** What is at the end of a path. `isSure` is false for a path to several values, which makes a list of those there are. */
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
function after(at: Shape | Missing, step: Step): Shape | Missing {
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
