import { isObject, type Json } from '../../values/json.js';
import type { Scanner } from './scanner.js';
import { NotHere, type FunctionStep } from './steps.js';

type PathFunction = (value: Json, args: readonly Json[]) => Json | undefined;

/**
 * The functions that a path can end in, as in Jayway JsonPath. `length()` of a list or an object is the number of its
 * items or fields, and null of anything else.
 */
const FUNCTIONS: Readonly<Record<string, PathFunction>> = {
  length: size,
  size,
  keys: (value) => (isObject(value) ? Object.keys(value) : null),
  min: ofNumbers((numbers) => numbers.reduce((a, b) => Math.min(a, b))),
  max: ofNumbers((numbers) => numbers.reduce((a, b) => Math.max(a, b))),
  sum: ofNumbers(sum),
  avg: ofNumbers((numbers) => sum(numbers) / numbers.length),
  stddev: ofNumbers(deviation),
  concat: (value, args) => [...listOf(value), ...args].filter((each) => typeof each === 'string').join(''),
  append: (value, args) => (Array.isArray(value) ? [...value, ...args] : value),
  first: (value) => listOf(value).at(0),
  last: (value) => listOf(value).at(-1),
  index: (value, [at]) => (typeof at === 'number' ? listOf(value).at(Math.trunc(at)) : undefined),
};

function size(value: Json): Json {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

/** Returns a function of the numbers in a list. Without any number, there is no result. */
function ofNumbers(compute: (numbers: readonly number[]) => number): PathFunction {
  return (value, args) => {
    const numbers = [...listOf(value), ...args].filter((each) => typeof each === 'number');
    return numbers.length === 0 ? undefined : compute(numbers);
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function deviation(numbers: readonly number[]): number {
  const mean = sum(numbers) / numbers.length;
  return Math.sqrt(sum(numbers.map((each) => (each - mean) ** 2)) / numbers.length);
}

const ARGUMENT = /\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\]|\\.)*")\s*/y;

/**
 * Parses a call of a function, from its opening bracket on.
 * @throws Error if there is no such function, or its arguments can't be parsed
 */
export function readFunction(name: string, scanner: Scanner): FunctionStep {
  const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!call) throw new Error(`a path has no function '${name}()'`);
  const from = scanner.at;
  const args = readArguments(name, scanner);
  const shown = `.${name}${scanner.text.slice(from, scanner.at)}`;
  return { kind: 'function', name, call: (value) => call(value, args), shown };
}

function readArguments(name: string, scanner: Scanner): Json[] {
  const args: Json[] = [];
  if (scanner.take(/\(\s*\)/y) !== undefined) return args;
  scanner.at++;
  do {
    const [, text] = scanner.match(ARGUMENT) ?? [];
    if (text === undefined) throw new NotHere(`arguments of ${name}() that are neither numbers nor strings`);
    args.push(JSON.parse(text) as Json);
  } while (scanner.take(/,/y) !== undefined);
  if (scanner.take(/\)/y) === undefined) throw new Error(`the arguments of ${name}() are not closed`);
  return args;
}
