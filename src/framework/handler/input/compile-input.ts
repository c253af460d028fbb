import type { Constructor, HandlerDefinition } from '../../declare/definition.js';
import { OWN_ERROR } from '../outcome.js';
import { RuleChecker, type RuleOptions } from './broken-rules.js';
import { mapParts } from './place.js';
import { ObjectReader, type ReadOptions } from './read-object.js';
import { refusalOf, type Refusal, type Violation } from './refusal.js';

/** Makes of parsed JSON what the handler is given. Throws, or rejects with, a Refusal that lists every violation. */
export type Validate = (value: unknown) => unknown;

type Options = ReadOptions & RuleOptions;

/** One function for the input of a handler, decided once. */
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

/** A cause has no room for more: so many wrong places are refused without asking the rules, which would take long. */
const TOO_MANY = 1_000;

function scalar(value: unknown, type: 'string' | 'number' | 'boolean'): unknown {
  if (typeof value === type) return value;
  const rule = `is${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  throw invalidInput(`a ${type}`, [{ path: '', rule, message: `the value must be a ${type}` }]);
}

function instanceOf(value: unknown, type: Constructor<object>, options: Options): unknown {
  const reader = new ObjectReader(options);
  return checked(reader.read(value, type), reader.violations, `a valid ${type.name}`, options);
}

function instancesOf(value: unknown, type: Constructor<object>, options: Options): unknown {
  const expected = `an array of ${type.name}`;
  if (!Array.isArray(value))
    throw invalidInput(expected, [{ path: '', rule: 'isArray', message: 'the value must be an array' }]);
  const reader = new ObjectReader(options);
  const instances = mapParts(value, undefined, (each, place) => reader.read(each, type, place));
  return checked(instances, reader.violations, expected, options);
}

/** Gives the input, once no rule is broken. */
function checked(input: unknown, wrong: readonly Violation[], expected: string, options: Options): unknown {
  if (wrong.length > TOO_MANY) throw invalidInput(expected, wrong);
  const rules = new RuleChecker(options);
  mapParts(input, undefined, (each, place) => rules.check(each, place));
  const settle = (): unknown => {
    const violations = merge(wrong, rules.violations);
    if (violations.length > 0) throw invalidInput(expected, violations);
    return input;
  };
  const pending = rules.settled();
  return pending ? pending.then(settle) : settle();
}

/** A place whose shape is wrong was left out of the instance; what the rules say of the gap is not the user's mistake. */
function merge(wrong: readonly Violation[], broken: readonly Violation[]): readonly Violation[] {
  if (wrong.length === 0) return broken;
  const places = new Set(wrong.map(({ path }) => path));
  return [...wrong, ...broken.filter(({ path }) => !isWithin(path, places))];
}

function isWithin(path: string, places: ReadonlySet<string>): boolean {
  if (places.has(path)) return true;
  for (const { index } of path.matchAll(/[.[]/g)) if (places.has(path.slice(0, index))) return true;
  return false;
}

const invalidInput = (expected: string, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidInput, `the input is not ${expected}`, violations);
