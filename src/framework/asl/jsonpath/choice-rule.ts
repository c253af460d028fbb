import { type EvaluationFailure, runtimeFailure, type StateData } from '../expression.js';
import type { Json } from '../values/json.js';
import { compileFinder } from './fields.js';
import type { Reader } from '../definition/reader.js';
import { parseTimestamp } from '../values/functions.js';

/**
 * Compiles a rule of a Choice state in JSONPath. The rule compares a variable, or combines other rules by And, Or or
 * Not.
 */
export function compileRule(reader: Reader): (data: StateData) => boolean {
  if (reader.has('And')) return combine(reader, 'And', (rules, data) => rules.every((rule) => rule(data)));
  if (reader.has('Or')) return combine(reader, 'Or', (rules, data) => rules.some((rule) => rule(data)));
  if (reader.has('Not')) return negate(reader);
  return compileTest(reader);
}

function combine(
  reader: Reader,
  field: string,
  holds: (rules: ((data: StateData) => boolean)[], data: StateData) => boolean,
): (data: StateData) => boolean {
  const rules = (reader.objects(field) ?? []).map(compileInner);
  if (rules.length === 0) reader.problem(`The field '${field}' must have at least one rule`, field);
  return (data) => holds(rules, data);
}

function negate(reader: Reader): (data: StateData) => boolean {
  const inner = reader.object('Not');
  if (!inner) return () => false;
  const rule = compileInner(inner);
  return (data) => !rule(data);
}

function compileInner(reader: Reader): (data: StateData) => boolean {
  const rule = compileRule(reader);
  if (reader.has('Next')) reader.problem("'Next' stands in the outermost rule only", 'Next');
  reader.finish();
  return rule;
}

function compileTest(reader: Reader): (data: StateData) => boolean {
  const text = reader.requiredString('Variable');
  const finder = compileFinder(reader.has('Variable') ? text : '$', reader, 'Variable');
  const operators = Object.keys(reader.source).filter(isOperator);
  const [operator = ''] = operators;
  if (operators.length !== 1) {
    reader.problem('A rule must have exactly one comparison operator');
    for (const each of operators) reader.json(each);
    return () => false;
  }
  const test = compileOperator(operator, reader);
  return (data) => {
    const value = finder.find(data);
    // Only IsPresent may test a value that isn't there.
    if (value === undefined && operator !== 'IsPresent') throw noValue(text);
    return test(value ?? null, data, value !== undefined);
  };
}

function noValue(path: string): EvaluationFailure {
  return runtimeFailure(
    `Invalid path '${path}': The choice state's condition path references an invalid value.`,
  );
}

/** A compiled comparison in a rule of a Choice state. `isPresent` is false if the path in Variable leads to no value. */
type Test = (value: Json, data: StateData, isPresent: boolean) => boolean;

type Compare = (value: Json, expected: Json) => boolean;

const ORDERS: Record<string, (order: number) => boolean> = {
  Equals: (order) => order === 0,
  LessThan: (order) => order < 0,
  GreaterThan: (order) => order > 0,
  LessThanEquals: (order) => order <= 0,
  GreaterThanEquals: (order) => order >= 0,
};

/**
 * Compares two values. Returns a negative number, 0, or a positive number if both have the type for which this function
 * is made; undefined if one of them hasn't.
 */
type Order = (a: Json, b: Json) => number | undefined;

const TYPES: Record<string, Order> = {
  String: (a, b) => (typeof a === 'string' && typeof b === 'string' ? compare(a, b) : undefined),
  Numeric: (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : undefined),
  Timestamp: (a, b) => {
    const [left, right] = [instant(a), instant(b)];
    return left === undefined || right === undefined ? undefined : left - right || belowMs(a) - belowMs(b);
  },
};

const COMPARISONS = new Map<string, Compare>();
for (const [type, order] of Object.entries(TYPES)) {
  for (const [name, fits] of Object.entries(ORDERS)) {
    COMPARISONS.set(type + name, (value, expected) => {
      const found = order(value, expected);
      return found !== undefined && fits(found);
    });
  }
}
COMPARISONS.set('BooleanEquals', (value, expected) => typeof value === 'boolean' && value === expected);

/** The types of values, by their names in operators such as `NumericEquals` and `IsNumeric`. */
const IS_TYPE: Readonly<Record<string, (value: Json) => boolean>> = {
  String: (value) => typeof value === 'string',
  Numeric: (value) => typeof value === 'number',
  Boolean: (value) => typeof value === 'boolean',
  Timestamp: (value) => instant(value) !== undefined,
  Null: (value) => value === null,
};

/** The operators that test the type of a value. */
const CHECKS = new Map(Object.entries(IS_TYPE).map(([type, fits]) => [`Is${type}`, fits]));

export function isOperator(field: string): boolean {
  return (
    field === 'StringMatches' ||
    field === 'IsPresent' ||
    CHECKS.has(field) ||
    COMPARISONS.has(field) ||
    (field.endsWith('Path') && COMPARISONS.has(field.slice(0, -4)))
  );
}

/** Compiles the comparison operator of a rule, such as `NumericEquals`. */
function compileOperator(operator: string, reader: Reader): Test {
  const check = CHECKS.get(operator);
  if (check || operator === 'IsPresent') {
    const expected = reader.boolean(operator) ?? true;
    return (value, _data, isPresent) => (check ? check(value) : isPresent) === expected;
  }
  if (operator === 'StringMatches') {
    const matches = compileWildcard(reader.string(operator) ?? '');
    return (value) => typeof value === 'string' && matches(value);
  }
  return operator.endsWith('Path') ? compileToPath(operator, reader) : compileToLiteral(operator, reader);
}

function compileToLiteral(operator: string, reader: Reader): Test {
  const compare = COMPARISONS.get(operator) ?? (() => false);
  const expected = reader.json(operator) ?? null;
  const [, type = ''] = /^([A-Z][a-z]+)/.exec(operator) ?? [];
  if (!IS_TYPE[type]?.(expected))
    reader.problem(`Expected '${operator}' to be a ${type.toLowerCase()} value`, operator);
  return (value) => compare(value, expected);
}

function compileToPath(operator: string, reader: Reader): Test {
  const compare = COMPARISONS.get(operator.slice(0, -4)) ?? (() => false);
  const text = reader.string(operator) ?? '$';
  const finder = compileFinder(text, reader, operator);
  return (value, data) => {
    const expected = finder.find(data);
    if (expected === undefined) throw noValue(text);
    return compare(value, expected);
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function instant(value: Json): number | undefined {
  return typeof value === 'string' ? parseTimestamp(value) : undefined;
}

/** The part of a timestamp below a millisecond, in milliseconds. */
const belowMs = (timestamp: Json): number =>
  Number(`0.${/\.\d{3}(\d+)/.exec(JSON.stringify(timestamp))?.[1] ?? 0}`);

/**
 * Compiles the pattern of StringMatches. `*` matches any number of characters, even none; `\*` and `\\` stand for the
 * characters `*` and `\`. The time of a match grows at most in proportion to the lengths of the pattern and of the
 * text.
 */
function compileWildcard(pattern: string): (text: string) => boolean {
  const pieces: string[] = [''];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at);
    if (char === '*') pieces.push('');
    else pieces[pieces.length - 1] += char === '\\' ? pattern.charAt(++at) : char;
  }
  const [first = '', ...later] = pieces;
  const last = later.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const piece of later) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.endsWith(last) && text.length - last.length >= at;
  };
}
