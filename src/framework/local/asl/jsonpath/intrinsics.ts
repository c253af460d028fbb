import { EvaluationFailure, type StateData } from '../expression.js';
import { HASH_NAMES, hashText, seeded, uuid } from '../values/functions.js';
import {
  bareText,
  canonical,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  weigh,
} from '../values/json.js';
import { Scanner } from '../values/scanner.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

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
  const parser = new Parser(new Scanner(text), compilePath);
  const part = parser.call(1);
  parser.end();
  return part;
}

/** @throws EvaluationFailure if an argument that a call goes through is larger than any input of a state */
function checkSize(name: string, args: readonly Json[]): void {
  if (!args.every((arg) => weigh(arg, MOST_BYTES)))
    throw new EvaluationFailure('States.IntrinsicFailure', `${name}: an argument is too large`);
}

const TEXT = `'[^']*'|"[^"]*"`;
const within = (inner: string): string => `\\[(?:[^[\\]'"]|${TEXT}${inner})*\\]`;
/** Matches a path among the arguments. It may have brackets within brackets, as in a filter, and calls of functions. */
const PATH = new RegExp(
  `\\$(?:[^\\s,()[\\]'"]|${within(`|${within(`|${within('')}`)}`)}|\\((?:[^()'"]|${TEXT})*\\))*`,
  'y',
);

class Parser {
  constructor(
    private readonly scanner: Scanner,
    private readonly compilePath: CompileArgument,
  ) {}

  call(depth: number): Part {
    if (depth > MAX_DEPTH) throw new Error(`calls are nested more than ${MAX_DEPTH} deep`);
    const name = this.scanner.take(/States\.[A-Za-z0-9]+/y);
    const intrinsic = name === undefined ? undefined : INTRINSICS.get(name);
    if (name === undefined || !intrinsic)
      throw new Error(`there is no intrinsic function '${name ?? this.scanner.text}'`);
    const parts = this.#arguments(depth, name === 'States.Format');
    checkCount(name, intrinsic, parts.length);
    return (data) => {
      const args = parts.map((part) => part(data));
      if (intrinsic.readsAll) checkSize(name, args);
      return intrinsic.call(args, data);
    };
  }

  end(): void {
    if (this.scanner.take(/\s*$/y) === undefined)
      throw new Error(`it cannot be read from '${this.scanner.rest}' on`);
  }

  /**
   * Parses the arguments of a call.
   * @param template true if the first argument is the template of `States.Format`. Escapes such as `\{` are then kept
   * in it, since they are resolved when the template is filled in
   */
  #arguments(depth: number, template: boolean): Part[] {
    const parts: Part[] = [];
    this.#expect('(');
    if (this.scanner.take(/\s*\)/y) !== undefined) return parts;
    do parts.push(this.#argument(depth, template && parts.length === 0));
    while (this.scanner.take(/\s*,/y) !== undefined);
    this.#expect(')');
    return parts;
  }

  #argument(depth: number, raw: boolean): Part {
    this.scanner.take(/\s*/y);
    const quoted = this.scanner.take(/'(?:[^'\\]|\\['{}\\])*'/y);
    if (quoted !== undefined) {
      const text = quoted.slice(1, -1);
      return constant(raw ? text : text.replaceAll(/\\(['{}\\])/g, '$1'));
    }
    const literal = this.scanner.take(/(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=\s*[,)])/y);
    if (literal !== undefined) return constant(JSON.parse(literal) as Json);
    const path = this.scanner.take(PATH);
    if (path !== undefined) return this.compilePath(path);
    return this.call(depth + 1);
  }

  #expect(char: string): void {
    if (this.scanner.take(char === '(' ? /\s*\(/y : /\s*\)/y) !== undefined) return;
    throw new Error(`expected '${char}' at '${this.scanner.rest}'`);
  }
}

const constant =
  (value: Json): Part =>
  () =>
    value;

function checkCount(name: string, { min, max }: Intrinsic, count: number): void {
  if (count >= min && count <= max) return;
  throw new Error(`${name} takes ${min === max ? min : `${min} to ${max}`} arguments, got ${count}`);
}

/**
 * An intrinsic function of the Amazon States Language. `min` and `max` are the numbers of arguments that it accepts.
 * AWS page "Intrinsic functions for JSONPath states".
 */
interface Intrinsic {
  readonly min: number;
  readonly max: number;
  /** True if the function goes through all values in its arguments, and not only through a few of them. */
  readonly readsAll: boolean;
  call(args: Json[], data: StateData): Json;
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
  return list(args[0], name).some((item) => equalJson(item, args[1] ?? null));
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
  return start + Math.floor(seeded(integer(args[2], name)) * (end - start));
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

type Implementation = (args: Json[], name: string, data: StateData) => Json;

const ENDLESS = Number.POSITIVE_INFINITY;

/**
 * The intrinsic functions. `min` and `max` are the numbers of arguments that a function accepts; `readsAll` is
 * explained at {@link Intrinsic}.
 */
const TABLE: [name: string, min: number, max: number, readsAll: boolean, call: Implementation][] = [
  ['Format', 1, ENDLESS, true, format],
  ['StringToJson', 1, 1, true, (args, name) => parse(args[0], name)],
  ['JsonToString', 1, 1, true, ([value = null]) => JSON.stringify(value)],
  ['Array', 0, ENDLESS, false, (args) => args],
  ['ArrayPartition', 2, 2, true, partition],
  ['ArrayContains', 2, 2, true, contains],
  ['ArrayRange', 3, 3, true, range],
  ['ArrayGetItem', 2, 2, false, getItem],
  ['ArrayLength', 1, 1, false, (args, name) => list(args[0], name).length],
  ['ArrayUnique', 1, 1, true, unique],
  ['Base64Encode', 1, 1, true, (args, name) => Buffer.from(shortText(args[0], name)).toString('base64')],
  ['Base64Decode', 1, 1, true, decode],
  ['Hash', 2, 2, true, hash],
  ['JsonMerge', 3, 3, true, merge],
  ['MathRandom', 2, 3, false, random],
  ['MathAdd', 2, 2, false, add],
  ['StringSplit', 2, 2, true, split],
  ['UUID', 0, 0, false, (_args, _name, data) => uuid(() => data.environment.random())],
];

/** The intrinsic functions by their full names. */
const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map(
  TABLE.map(([short, min, max, readsAll, call]) => {
    const name = `States.${short}`;
    return [name, { min, max, readsAll, call: (args: Json[], data: StateData) => call(args, name, data) }];
  }),
);
