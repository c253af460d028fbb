import { meantName, proposal } from '../../base/show.js';
import { EvaluationFailure, type StateData } from '../expression.js';
import { HASH_NAMES, hashText, javaRandom, uuid } from '../values/functions.js';
import { bareText, canonical, isObject, type Json, type JsonObject, weigh } from '../values/json.js';
import { Scanner } from '../values/scanner.js';
import { takePath } from './path.js';
import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';

type Part = (data: StateData) => Json;

/** Compiles a path that is an argument of an intrinsic function. */
type CompileArgument = (path: string) => Part;

const MAX_DEPTH = 10;
/**
 * The most bytes in one argument, as `weigh` counts them. The largest input that a state can have doesn't contain more.
 */
const MOST_BYTES = 12 * PAYLOAD_LIMIT_BYTES;

/**
 * Compiles a call of an intrinsic function, such as `States.Format('Hi {}', $.name)`. Its arguments may be calls too.
 * @throws Error if the text isn't such a call, no function has the name, or the number of arguments is wrong
 */
export function compileIntrinsic(text: string, compilePath: CompileArgument): Part {
  const scanner = new Scanner(text);
  const part = compileCall(scanner, compilePath, 1);
  expect(scanner, /\s*$/y);
  return part;
}

/** Proposes the name that was meant where a text calls an intrinsic function that there isn't. */
export function meantFunction(text: Json): string | undefined {
  const called = typeof text === 'string' ? (text.match(/\bStates\.\w+/g) ?? []) : [];
  const unknown = called.find((name) => !Object.hasOwn(INTRINSICS, name));
  const meant = unknown && meantName(unknown, Object.keys(INTRINSICS));
  return meant && proposal(meant);
}

/** @throws EvaluationFailure if an argument that a call goes through is larger than any input of a state */
function checkSize(name: string, args: readonly Json[]): void {
  if (!args.every((arg) => weigh(arg, MOST_BYTES)))
    throw new EvaluationFailure('States.IntrinsicFailure', `${name}: an argument is too large`);
}

function compileCall(scanner: Scanner, compilePath: CompileArgument, depth: number): Part {
  if (depth > MAX_DEPTH) noCall();
  const name = scanner.take(/States\.[A-Za-z0-9]+/y) ?? '';
  const { least, most = least, readsAll, call } = INTRINSICS[name] ?? noCall();
  expect(scanner, /\s*\(\s*/y);
  const parts: Part[] = [];
  if (scanner.take(/\)/y) === undefined) {
    do
      parts.push(
        compileArgument(scanner, compilePath, depth, name === 'States.Format' && parts.length === 0),
      );
    while (scanner.take(/\s*,\s*/y) !== undefined);
    expect(scanner, /\s*\)/y);
  }
  if (parts.length < least || parts.length > most) noCall();
  return (data) => {
    const args = parts.map((part) => part(data));
    if (readsAll) checkSize(name, args);
    return call(args, name, data);
  };
}

/**
 * @param isTemplate true for the template of `States.Format`. Escapes such as `\{` are kept in it, since they are
 * resolved when the template is filled in
 */
function compileArgument(
  scanner: Scanner,
  compilePath: CompileArgument,
  depth: number,
  isTemplate: boolean,
): Part {
  const quoted = scanner.take(/'(?:[^'\\]|\\['{}\\])*'/y)?.slice(1, -1);
  if (quoted !== undefined) {
    const text = isTemplate ? quoted : quoted.replaceAll(/\\(['{}\\])/g, '$1');
    return () => text;
  }
  const literal = scanner.take(/(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=\s*[,)])/y);
  if (literal !== undefined) {
    const value = JSON.parse(literal) as Json;
    return () => value;
  }
  const path = takePath(scanner);
  return path === undefined ? compileCall(scanner, compilePath, depth + 1) : compilePath(path);
}

function expect(scanner: Scanner, pattern: RegExp): void {
  if (scanner.take(pattern) === undefined) noCall();
}

/** The message of a definition doesn't say what is wrong with a call (recorded). */
function noCall(): never {
  throw new Error('no call of an intrinsic function');
}

/** An intrinsic function of the Amazon States Language. AWS page "Intrinsic functions for JSONPath states". */
interface Intrinsic {
  /** The least arguments that it takes. */
  readonly least: number;
  /** The most arguments. @default least */
  readonly most?: number;
  /** True if the function goes through all values in its arguments, and not only through a few of them. */
  readonly readsAll: boolean;
  readonly call: (args: Json[], name: string, data: StateData) => Json;
}

const TEXT_LIMIT = 10_000;
const RANGE_LIMIT = 1_000;
const FORMAT_LIMIT = 1_048_576;
const INTEGER_LIMIT = 2_147_483_647;

function fail(reason: string): never {
  throw new EvaluationFailure('States.IntrinsicFailure', reason);
}

function text(value: Json | undefined, name: string): string {
  if (typeof value !== 'string') fail(`${name}: expected a string, got ${JSON.stringify(value)}`);
  return value;
}

/**
 * Returns an argument that must be a string of at most 10,000 characters. Functions for Base64 and hashes have this
 * limit.
 */
function shortText(value: Json | undefined, name: string): string {
  const given = text(value, name);
  if (given.length > TEXT_LIMIT) fail(`${name}: the input has more than ${TEXT_LIMIT} characters`);
  return given;
}

function list(value: Json | undefined, name: string): Json[] {
  if (!Array.isArray(value)) fail(`${name}: expected an array, got ${JSON.stringify(value)}`);
  return value;
}

function object(value: Json | undefined, name: string): JsonObject {
  if (!isObject(value)) fail(`${name}: expected an object, got ${JSON.stringify(value)}`);
  return value;
}

/** Returns an argument that must be a number, rounded to the nearest integer. */
function integer(value: Json | undefined, name: string): number {
  if (typeof value !== 'number') fail(`${name}: expected a number, got ${JSON.stringify(value)}`);
  const whole = Math.round(value);
  if (Math.abs(whole) > INTEGER_LIMIT) fail(`${name}: the number ${value} is out of range`);
  return whole;
}

function format(args: Json[], name: string): string {
  const [template, ...values] = args;
  const chars = values.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );
  if (chars > FORMAT_LIMIT) fail(`${name}: the values have more than ${FORMAT_LIMIT} characters`);
  let used = 0;
  const made = text(template, name).replaceAll(/\\([\\{}'])|\{\}|[{}]/g, (match, escaped?: string) => {
    if (escaped !== undefined) return escaped;
    if (match !== '{}') return fail(`${name}: a brace must be escaped or part of '{}'`);
    if (used >= values.length) return fail(`${name}: there are more '{}' than values`);
    const value = values[used++] ?? null;
    return isObject(value) ? javaText(value) : bareText(value);
  });
  if (used < values.length) fail(`${name}: there are more values than '{}'`);
  return made;
}

/** Formats a value as Java prints a map: `{key=value}`. Recorded for objects. */
function javaText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (!isObject(value)) return bareText(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}=${javaText(inner)}`)
    .join(', ')}}`;
}

function parse(value: Json | undefined, name: string): Json {
  const source = text(value, name);
  if (source.trim() === '') return null;
  try {
    return JSON.parse(source) as Json;
  } catch {
    return fail(`${name}: the input is not valid JSON`);
  }
}

function partition(args: Json[], name: string): Json {
  const items = list(args[0], name);
  const size = integer(args[1], name);
  if (size < 1) fail(`${name}: the size of a chunk must be 1 or more`);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

function range(args: Json[], name: string): Json {
  const [first = 0, last = 0, step = 0] = args.map((each) => integer(each, name));
  if (step === 0) fail(`${name}: the step must not be 0`);
  const length = Math.max(Math.floor((last - first) / step) + 1, 0);
  if (length > RANGE_LIMIT) fail(`${name}: the array would have more than ${RANGE_LIMIT} items`);
  return Array.from({ length }, (_, i) => first + i * step);
}

function getItem(args: Json[], name: string): Json {
  const items = list(args[0], name);
  const index = integer(args[1], name);
  if (index < 0 || index >= items.length) fail(`${name}: the index ${index} is out of range`);
  return items[index] ?? null;
}

function contains(args: Json[], name: string): Json {
  const [items, wanted = null] = [list(args[0], name), args[1]];
  if (typeof wanted !== 'object') return items.includes(wanted);
  const text = canonical(wanted);
  return items.some((item) => typeof item === 'object' && canonical(item) === text);
}

function unique(args: Json[], name: string): Json {
  const seen = new Map<string, Json>();
  for (const item of list(args[0], name)) {
    const text = canonical(item);
    if (!seen.has(text)) seen.set(text, item);
  }
  return [...seen.values()];
}

function decode(args: Json[], name: string): Json {
  const source = shortText(args[0], name);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(source)) {
    fail(`${name}: the input is not Base64`);
  }
  return Buffer.from(source, 'base64').toString();
}

function hash(args: Json[], name: string): Json {
  const [data = null] = args;
  const source = typeof data === 'string' ? data : JSON.stringify(data);
  const digest = hashText(shortText(source, name), text(args[1], name));
  return digest ?? fail(`${name}: the algorithm must be one of ${HASH_NAMES}`);
}

function merge(args: Json[], name: string): Json {
  const [left, right] = [object(args[0], name), object(args[1], name)];
  if (args[2] !== false)
    fail(`${name}: only shallow merging is supported, so the third argument must be false`);
  return { ...left, ...right };
}

function random(args: Json[], name: string, data: StateData): Json {
  const [start = 0, end = 0] = args.slice(0, 2).map((each) => integer(each, name));
  if (end <= start) fail(`${name}: the end must be greater than the start`);
  if (args[2] === undefined) return start + Math.floor(data.environment.random() * (end - start));
  return start + Math.floor(javaRandom(integer(args[2], name)) * (end - start));
}

function add(args: Json[], name: string): Json {
  const sum = integer(args[0], name) + integer(args[1], name);
  if (Math.abs(sum) > INTEGER_LIMIT) fail(`${name}: the sum ${sum} is out of range`);
  return sum;
}

/**
 * The function States.StringSplit. Each character in the second argument is a separator. Recorded: empty pieces are
 * left out.
 */
function split(args: Json[], name: string): Json {
  const source = text(args[0], name);
  const splitters = new Set(text(args[1], name));
  const pieces = [''];
  for (const char of source) {
    if (splitters.has(char)) pieces.push('');
    else pieces[pieces.length - 1] += char;
  }
  return pieces.filter((piece) => piece !== '');
}

/** The intrinsic functions by their full names. */
const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  'States.Format': { least: 1, most: Infinity, readsAll: true, call: format },
  'States.StringToJson': { least: 1, readsAll: true, call: (args, name) => parse(args[0], name) },
  'States.JsonToString': { least: 1, readsAll: true, call: ([value = null]) => JSON.stringify(value) },
  'States.Array': { least: 0, most: Infinity, readsAll: false, call: (args) => args },
  'States.ArrayPartition': { least: 2, readsAll: true, call: partition },
  'States.ArrayContains': { least: 2, readsAll: true, call: contains },
  'States.ArrayRange': { least: 3, readsAll: true, call: range },
  'States.ArrayGetItem': { least: 2, readsAll: false, call: getItem },
  'States.ArrayLength': { least: 1, readsAll: false, call: (args, name) => list(args[0], name).length },
  'States.ArrayUnique': { least: 1, readsAll: true, call: unique },
  'States.Base64Encode': {
    least: 1,
    readsAll: true,
    call: (args, name) => Buffer.from(shortText(args[0], name)).toString('base64'),
  },
  'States.Base64Decode': { least: 1, readsAll: true, call: decode },
  'States.Hash': { least: 2, readsAll: true, call: hash },
  'States.JsonMerge': { least: 3, readsAll: true, call: merge },
  'States.MathRandom': { least: 2, most: 3, readsAll: false, call: random },
  'States.MathAdd': { least: 2, readsAll: false, call: add },
  'States.StringSplit': { least: 2, readsAll: true, call: split },
  'States.UUID': {
    least: 0,
    readsAll: false,
    call: (_args, _name, data) => uuid(() => data.environment.random()),
  },
};
