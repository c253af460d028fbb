import { defaultOptions } from 'class-transformer/cjs/constants/default-options.constant.js';
import type { HandlerDefinition } from '../../../declare/definition.js';
import type { Constructor } from '../../../declare/class.js';
import { ARRAY, SCALAR_KINDS } from '../../../declare/dto/kinds.js';
import { isThenable } from '../../../base/time/wait.js';
import {
  MOST_VIOLATIONS,
  OWN_ERROR,
  type Refusal,
  refusalOf,
  type Violation,
} from '../outcome/own-errors.js';
import { brokenRules, type RuleOptions } from './broken-rules.js';
import { kindViolation, mapParts } from './value-path.js';
import { ObjectReader, type ReadOptions } from './read-object.js';
import { currentTask } from '../current-task.js';

/**
 * Makes the handler's input from parsed JSON. If the JSON isn't a valid input, throws (or rejects with) a Refusal that
 * lists every violation.
 */
export type Validate = (value: unknown) => unknown;

type Options = ReadOptions & RuleOptions;
type DeclaredInput = Pick<HandlerDefinition, 'input' | 'groups' | 'unknownKeys' | 'showValues'>;

/** Returns a function that makes and validates the inputs of a handler, as the handler declares its input. */
export function compileInput({ input, groups, unknownKeys, showValues }: DeclaredInput): Validate {
  const library = { ...defaultOptions, ...(groups.length > 0 && { groups: [...groups] }) };
  const options = { groups, unknownKeys, showValues, library, onDropped: logDroppedKeys() };
  switch (input.kind) {
    case 'none':
      return () => undefined;
    case 'any':
      return (value) => value;
    case 'scalar':
      return (value) => scalar(value, input.type);
    case 'class':
      return instanceOf(input.type, options);
    default:
      return instancesOf(input.type, options);
  }
}

function scalar(value: unknown, type: keyof typeof SCALAR_KINDS): unknown {
  const kind = SCALAR_KINDS[type];
  if (kind.holds(value)) return value;
  throw invalidInput(kind.expected, [kindViolation(undefined, kind)]);
}

function instanceOf(type: Constructor<object>, options: Options): Validate {
  return (value) => {
    const reader = new ObjectReader(options);
    return checked(reader.read(value, type), reader.violations, `a valid ${type.name}`, options);
  };
}

function instancesOf(type: Constructor<object>, options: Options): Validate {
  const expected = `an array of ${type.name}`;
  return (value) => {
    if (!Array.isArray(value)) throw invalidInput(expected, [kindViolation(undefined, ARRAY)]);
    const reader = new ObjectReader(options);
    const instances = mapParts(value, undefined, (each, path) => reader.read(each, type, path));
    return checked(instances, reader.violations, expected, options);
  };
}

/**
 * Returns the input if it has no violations. Otherwise throws (or rejects with) a Refusal that lists them.
 * @param wrong the violations that were found when the input was read: values of a wrong type, and unknown keys
 */
function checked(input: unknown, wrong: readonly Violation[], expected: string, options: Options): unknown {
  if (wrong.length >= MOST_VIOLATIONS) throw invalidInput(expected, wrong);
  const settle = (broken: readonly Violation[]): unknown => {
    const violations = wrong.length === 0 ? broken : merge(wrong, broken);
    if (violations.length > 0) throw invalidInput(expected, violations);
    return input;
  };
  const broken = brokenRules(input, options, wrong.length > 0);
  return isThenable(broken) ? broken.then(settle) : settle(broken);
}

/**
 * Joins the violations that were found when the input was read (`wrong`) with the broken rules. Leaves out rules about
 * a value of a wrong type, about what is in it, and about what contains it, since it isn't in the instance; but not the
 * rules on the length of an array.
 */
function merge(wrong: readonly Violation[], broken: readonly Violation[]): readonly Violation[] {
  const paths = new Set(wrong.map(({ path }) => path));
  // An unknown key doesn't change the object that contains it, so rules on that object still count.
  const above = new Set(wrong.flatMap(({ path, rule }) => (rule === 'unknownKey' ? [] : pathsAbove(path))));
  const tells = ({ path, rule }: Violation): boolean =>
    !paths.has(path) &&
    !pathsAbove(path).some((each) => paths.has(each)) &&
    (!above.has(path) || COUNTING.has(rule));
  return [...wrong, ...broken.filter(tells)];
}

/** The rules on a collection that depend only on the number of its parts. */
const COUNTING: ReadonlySet<string> = new Set(['arrayMinSize', 'arrayMaxSize']);

/**
 * Returns the paths of all objects and arrays that contain the value at this path, except the path of the whole input.
 */
const pathsAbove = (path: string): string[] =>
  [...path.matchAll(/(?!^)[.[]/g)].map(({ index }) => path.slice(0, index));

const invalidInput = (expected: string, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidInput, `the input is not ${expected}`, violations);

/** The most keys that are remembered for a handler. More than that are data, such as the keys of a dictionary. */
const MOST_NAMES = 100;
const NAME_LIMIT = 80;

/**
 * Returns a function that logs each dropped key once, at the level debug, and at most 100 keys. `dropped` is the number
 * of keys that were logged so far.
 */
function logDroppedKeys(): (key: string, type: Constructor<object>) => void {
  const known = new Set<string>();
  return (whole, { name }) => {
    const key = whole.length > NAME_LIMIT ? `${whole.slice(0, NAME_LIMIT)}…` : whole;
    const full = `${name}.${key}`;
    if (known.size >= MOST_NAMES || known.has(full)) return;
    const dropped = known.add(full).size;
    currentTask()?.log.debug({ key, class: name, dropped }, 'a key is dropped: its class has no rule for it');
  };
}
