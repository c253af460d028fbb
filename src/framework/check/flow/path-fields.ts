import { isPlainObject } from '../../base/plain-object.js';
import { contextOf, type DeadPath, type Environment, follow, Missing } from './environment.js';
import { BOOLEAN, ListOf, literal, NUMBER, type Shape, TEXT, UNKNOWN } from './shape.js';

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

/** Returns what is known of the value that a JSONPath template makes. Paths that lead to nothing are added to `dead`. */
export function templateShape(
  template: unknown,
  environment: Environment,
  dead: DeadPath[],
  steps: DeadPath['steps'],
): Shape {
  if (Array.isArray(template))
    return template.map((each, index) => templateShape(each, environment, dead, [...steps, index]));
  if (!isPlainObject(template)) return literal(template);
  return Object.fromEntries(
    Object.entries(template).map(([key, value]): [string, Shape] =>
      key.endsWith('.$')
        ? [key.slice(0, -2), pathShape(value, environment, dead, [...steps, key])]
        : [key, templateShape(value, environment, dead, [...steps, key])],
    ),
  );
}

/** Returns what is known of the value to which a path or an intrinsic function leads. */
export function pathShape(
  path: unknown,
  environment: Environment,
  dead: DeadPath[],
  steps: DeadPath['steps'],
): Shape {
  if (typeof path !== 'string') return UNKNOWN;
  const [, intrinsic] = /^States\.(\w+)\(/.exec(path) ?? [];
  if (intrinsic !== undefined) return INTRINSICS[intrinsic] ?? UNKNOWN;
  const isContext = path.startsWith('$$');
  const keys = pathKeys(isContext ? path.slice(1) : path);
  if (!keys) return UNKNOWN;
  const found = follow(isContext ? contextOf(environment) : environment.input, keys);
  if (!(found instanceof Missing)) return found;
  dead.push({ steps, path, name: found.missing, within: found.within });
  return UNKNOWN;
}

/**
 * Returns the names and indexes in a path such as `$.order.lines[0]`; undefined for a path that can lead to several
 * values, or that reads a variable.
 */
export function pathKeys(path: string): (string | number)[] | undefined {
  if (!/^\$(\.[A-Za-z_]\w*|\['[^'\\]+'\]|\[\d+\])*$/.test(path)) return undefined;
  return [...path.matchAll(/\.(\w+)|\['([^']+)'\]|\[(\d+)\]/g)].map(
    ([, plain, quoted, index]) => plain ?? quoted ?? Number(index),
  );
}
