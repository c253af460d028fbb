import type { HandlerDefinition } from '../../../declare/definition.js';
import type { Constructor } from '../../../declare/class.js';
import { ARRAY, SCALAR_KINDS } from '../../../declare/dto/kinds.js';
import { isThenable } from '../../../base/time/wait.js';
import { OWN_ERROR } from '../outcome/own-error.js';
import { brokenRules, type RuleOptions } from './broken-rules.js';
import { kindViolation, mapParts } from './value-path.js';
import { ObjectReader, type ReadOptions } from './read-object.js';
import { MOST_VIOLATIONS, refusalOf, type Refusal, type Violation } from '../outcome/refusal.js';

/** Makes the handler's input from parsed JSON. Throws, or rejects with, a Refusal that lists every violation. */
export type Validate = (value: unknown) => unknown;

type Options = ReadOptions & RuleOptions;

/** Compiles the declared input of a handler to one function. */
export function compileInput({ input, groups, unknownKeys, showValues }: HandlerDefinition): Validate {
  const options = { groups, unknownKeys, showValues };
  switch (input.kind) {
    case 'none':
      return () => undefined;
    case 'any':
      return (value) => value;
    case 'scalar':
      return (value) => scalar(value, input.type);
    case 'class':
      return (value) => instanceOf(value, input.type, options);
    default:
      return (value) => instancesOf(value, input.type, options);
  }
}

function scalar(value: unknown, type: keyof typeof SCALAR_KINDS): unknown {
  const kind = SCALAR_KINDS[type];
  if (kind.holds(value)) return value;
  throw invalidInput(kind.expected, [kindViolation(undefined, kind)]);
}

function instanceOf(value: unknown, type: Constructor<object>, options: Options): unknown {
  const reader = new ObjectReader(options);
  return checked(reader.read(value, type), reader.violations, `a valid ${type.name}`, options);
}

function instancesOf(value: unknown, type: Constructor<object>, options: Options): unknown {
  const expected = `an array of ${type.name}`;
  if (!Array.isArray(value)) throw invalidInput(expected, [kindViolation(undefined, ARRAY)]);
  const reader = new ObjectReader(options);
  const instances = mapParts(value, undefined, (each, path) => reader.read(each, type, path));
  return checked(instances, reader.violations, expected, options);
}

/**
 * Returns the input where `wrong` is empty and no rule is broken. Throws, or rejects with, a Refusal otherwise.
 * @param wrong the values of a wrong type that reading has found
 */
function checked(input: unknown, wrong: readonly Violation[], expected: string, options: Options): unknown {
  if (wrong.length >= MOST_VIOLATIONS) throw invalidInput(expected, wrong);
  const settle = (broken: readonly Violation[]): unknown => {
    const violations = merge(wrong, broken);
    if (violations.length > 0) throw invalidInput(expected, violations);
    return input;
  };
  const broken = brokenRules(input, options, wrong.length > 0);
  return isThenable(broken) ? broken.then(settle) : settle(broken);
}

/**
 * Joins the violations of reading and of rules. Rules at and below a value of a wrong type are left out: that value is
 * not in the instance, so that its rules are broken anyway. So are rules above it, but for those that count.
 */
function merge(wrong: readonly Violation[], broken: readonly Violation[]): readonly Violation[] {
  if (wrong.length === 0) return broken;
  const paths = new Set(wrong.map(({ path }) => path));
  // An unknown key changes nothing of the value that holds it.
  const above = new Set(wrong.flatMap(({ path, rule }) => (rule === 'unknownKey' ? [] : pathsAbove(path))));
  const tells = ({ path, rule }: Violation): boolean =>
    !paths.has(path) &&
    !pathsAbove(path).some((each) => paths.has(each)) &&
    (!above.has(path) || COUNTING.has(rule));
  return [...wrong, ...broken.filter(tells)];
}

/** The rules whose verdict on a collection is the same whatever its parts are. */
const COUNTING: ReadonlySet<string> = new Set(['arrayMinSize', 'arrayMaxSize']);

/** Returns the paths of the values that hold the value at this path, without that of the whole. */
const pathsAbove = (path: string): string[] =>
  [...path.matchAll(/(?!^)[.[]/g)].map(({ index }) => path.slice(0, index));

const invalidInput = (expected: string, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidInput, `the input is not ${expected}`, violations);
