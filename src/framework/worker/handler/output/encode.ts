import { types } from 'node:util';
import { bytesBeyondLimit, OUTPUT_LIMIT_BYTES } from '../outcome/outcome.js';
import { OWN_ERROR } from '../outcome/own-error.js';
import { DEPTH_LIMIT } from '../input/decode.js';
import { showPath, type ValuePath } from '../input/value-path.js';
import { Refusal } from '../outcome/refusal.js';
import { cut, readThrown } from '../outcome/thrown.js';

/**
 * Writes a result as JSON. `undefined` is `null`; in an object it leaves the key out. A result that is far too large is
 * not written to its end.
 * @throws Refusal with InvalidOutput for a value that JSON would turn into `{}` or `null`, or that is nested deeper
 * than an input may be; with OutputTooLarge for more than 262,144 bytes.
 */
export function encode(result: unknown): string {
  const text = result === undefined ? 'null' : write(result);
  const bytes = bytesBeyondLimit(text);
  if (bytes !== undefined) throw tooLarge(String(bytes));
  return text;
}

function write(result: unknown): string {
  const writer = new Writer();
  try {
    const text = JSON.stringify(result, function (this: object, key: string, value: unknown) {
      return writer.visit(this, key, value);
    }) as string | undefined;
    return text ?? 'null';
  } catch (error) {
    if (Refusal.is(error)) throw error;
    throw invalidOutput(writer.path, `can't be read: ${readThrown(error).message}`);
  }
}

/** The size at which writing a result stops: beyond it the exact size is of no use. */
const FAR_TOO_LARGE_BYTES = 2 * OUTPUT_LIMIT_BYTES;

/**
 * Follows `JSON.stringify` through a result, so that a refusal has the path of its value, and comes before all is
 * written.
 */
class Writer {
  readonly #holders: object[] = [];
  readonly #paths: (ValuePath | undefined)[] = [];
  /** The least length that the JSON written so far can have. */
  #leastBytes = 0;

  /** The path of the innermost object that was entered. */
  get path(): ValuePath | undefined {
    return this.#paths.at(-1);
  }

  visit(holder: object, key: string, value: unknown): unknown {
    while (this.#holders.length > 0 && this.#holders.at(-1) !== holder) {
      this.#holders.pop();
      this.#paths.pop();
    }
    // `value` is the result of `toJSON`. Only the holder still has the original, such as a Buffer.
    const given: unknown = Reflect.get(holder, key);
    const fault = faultOf(given) ?? (given === value ? undefined : faultOf(value));
    if (fault) throw invalidOutput(this.#pathTo(holder, key), fault);
    this.#count(holder, key, value);
    if (typeof value === 'object' && value !== null) this.#enter(value, this.#pathTo(holder, key));
    return value;
  }

  #count(holder: object, key: string, value: unknown): void {
    if (Array.isArray(holder)) this.#leastBytes += 2;
    else if (value !== undefined) this.#leastBytes += key.length + 5;
    if (typeof value === 'string') this.#leastBytes += value.length;
    if (this.#leastBytes > FAR_TOO_LARGE_BYTES) throw tooLarge(`more than ${FAR_TOO_LARGE_BYTES}`);
  }

  #pathTo(holder: object, key: string): ValuePath | undefined {
    if (this.#holders.length === 0) return undefined;
    return { within: this.path, step: Array.isArray(holder) ? Number(key) : key };
  }

  #enter(value: object, path: ValuePath | undefined): void {
    if (this.#holders.includes(value)) throw invalidOutput(path, 'refers back to an object that holds it');
    if (this.#holders.length === DEPTH_LIMIT) throw tooDeep(path);
    this.#holders.push(value);
    this.#paths.push(path);
  }
}

function faultOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return 'is a BigInt; return it as a string, or as a number where it is small enough';
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON has no number for`;
    case 'function':
    case 'symbol':
      return `is a ${typeof value}`;
    case 'object':
      return value === null ? undefined : objectFault(value);
    default:
      return undefined;
  }
}

/** Describes an object that JSON would write as `{}`, or otherwise than was meant; undefined for any other. */
function objectFault(value: object): string | undefined {
  if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return undefined;
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'is an invalid Date' : undefined;
  if (types.isPromise(value)) return 'is a promise; await it';
  if (hasOwnJson(value)) return undefined;
  if (types.isBoxedPrimitive(value)) return faultOf(value.valueOf());
  return OBJECT_FAULTS.find(([is]) => is(value))?.[1];
}

const OBJECT_FAULTS: readonly (readonly [is: (value: object) => boolean, fault: string])[] = [
  [types.isMap, 'is a Map; return Object.fromEntries(map)'],
  [types.isSet, 'is a Set; return [...set]'],
  [types.isNativeError, 'is an Error; throw it, or return its message'],
  [isBinary, 'is binary; return it as text, in base64 for one'],
  [types.isRegExp, 'is a RegExp; return its source'],
  [types.isWeakMap, 'is a weak collection'],
  [types.isWeakSet, 'is a weak collection'],
  [types.isGeneratorObject, 'is a generator; collect it into an array'],
  [(value) => value instanceof WeakRef, 'is a weak reference; return what it refers to'],
  [isBareIterable, 'is an iterable without fields of its own; collect it into an array'],
];

function isBinary(value: object): boolean {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

/** Returns true for an iterable whose content is not in its fields, such as an iterator or a URL's parameters. */
function isBareIterable(value: object): boolean {
  return (Symbol.iterator in value || Symbol.asyncIterator in value) && Object.keys(value).length === 0;
}

/** Returns true for an object whose own `toJSON` says what was meant. Buffer's does not: it writes a list of bytes. */
function hasOwnJson(value: object): boolean {
  return !ArrayBuffer.isView(value) && typeof Reflect.get(value, 'toJSON') === 'function';
}

const PATH_LIMIT = 200;

/** Makes the refusal of a value that is nested deeper than an input may be. */
export const tooDeep = (path: ValuePath | undefined): Refusal =>
  invalidOutput(path, `is nested deeper than ${DEPTH_LIMIT} levels`);

/**
 * Makes the refusal of a value that is too large.
 * @param bytes the number of bytes, or a text such as `more than 524288`.
 */
export const tooLarge = (bytes: string): Refusal =>
  new Refusal(
    OWN_ERROR.outputTooLarge,
    `the output has ${bytes} bytes as JSON; the service takes ${OUTPUT_LIMIT_BYTES}. Store it, in S3 for one, and return where it is`,
  );

function invalidOutput(path: ValuePath | undefined, fault: string): Refusal {
  const shown = showPath(path);
  const message =
    shown === '' ? `the output ${fault}` : `the output can't be JSON: ${cut(shown, PATH_LIMIT)} ${fault}`;
  return new Refusal(OWN_ERROR.invalidOutput, message);
}
