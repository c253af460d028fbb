import { types } from 'node:util';
import { bytesBeyondLimit } from '../../../base/json.js';
import type { DtoProperty } from '../../../declare/dto/dto-property.js';
import { DEPTH_LIMIT } from '../input/decode.js';
import type { ValuePath } from '../input/value-path.js';
import { cut } from '../../../base/show.js';
import {
  emptyInstanceFault,
  holdsItself,
  invalidOutput,
  type OutputLimit,
  SERVICE_LIMIT,
  tooDeep,
  unreadable,
} from './output-faults.js';

/** A field to be written: its value and, if a DTO declares it, the property that describes the value. */
export type Field = readonly [value: unknown, property?: DtoProperty];

/** Says how the objects of a result are written. */
export interface FieldsOf {
  /** Returns true if the value is a Set or a Map, and the property is declared so that it may contain one. */
  collects(value: object, property: DtoProperty | undefined): boolean;
  /** Returns the fields to write for an object, by the keys that they have in the JSON. */
  fields(value: object, property: DtoProperty | undefined): ReadonlyMap<string, Field>;
}

/**
 * Writes a result as JSON. `undefined` is written as `null`; in an object, a key whose value is `undefined` is left
 * out. Writing stops early if the result is far too large. Each field is read once, and of the result's methods only
 * `toJSON` is called.
 * @param limit the most bytes of the JSON, and the Refusal of a result that has more
 * @param described says how classes are written. @default none: objects are written with their own fields
 * @throws Refusal with InvalidOutput if a value would become `{}` or `null` in JSON, or is nested deeper than an input
 * may be; with OutputTooLarge if the JSON has more bytes than the limit.
 */
export function encode(result: unknown, limit: OutputLimit = SERVICE_LIMIT, described?: FieldsOf): string {
  const writer = new Writer(limit, described);
  let text: string | undefined;
  try {
    text = writer.write(result, '');
  } catch (error) {
    throw unreadable(error, writer.path);
  }
  const bytes = text === undefined ? undefined : bytesBeyondLimit(text, limit.bytes);
  if (bytes !== undefined) throw limit.refuse(`${bytes}`, text === undefined ? '' : largestField(text));
  return text ?? 'null';
}

/** Names the largest field of an output with its bytes; an empty text if the output is no object. */
function largestField(text: string): string {
  if (!text.startsWith('{')) return '';
  const fields = Object.entries(JSON.parse(text) as Record<string, unknown>);
  const sizes = fields.map(([key, value]) => [key, Buffer.byteLength(JSON.stringify(value))] as const);
  const [largest] = sizes.toSorted(([, a], [, b]) => b - a);
  return largest ? `, of which '${cut(largest[0], 100)}' has ${largest[1]}` : '';
}

/**
 * Writes one result as `JSON.stringify` would. It also keeps track of the path of each value, which `JSON.stringify`
 * doesn't give, for the message if the value is rejected.
 */
class Writer {
  /**
   * Writing stops once the text has this size. The output is then too large in any case, and its exact size doesn't
   * matter.
   */
  readonly #farTooLarge: number;
  /** The objects and arrays around the value that is being written. The outermost comes first. */
  readonly #held: object[] = [];
  readonly #paths: (ValuePath | undefined)[] = [];
  /** A lower bound for the length of the text that is written so far. */
  #leastBytes = 0;

  constructor(
    private readonly limit: OutputLimit,
    private readonly described: FieldsOf | undefined,
  ) {
    this.#farTooLarge = 2 * limit.bytes;
  }

  /** The path of the innermost object that is being written. */
  get path(): ValuePath | undefined {
    return this.#paths.at(-1);
  }

  /** Returns the JSON text of a value. Returns undefined for a value that JSON leaves out, such as undefined. */
  write(given: unknown, step: string | number, property?: DtoProperty): string | undefined {
    if (typeof given !== 'object' || given === null) return this.#plain(given, step);
    const toJson = toJsonOf(given);
    if (!toJson) {
      const fault = this.described?.collects(given, property) ? undefined : objectFault(given);
      return this.#object(given, step, property, fault);
    }
    // The `toJSON` of what it returns isn't called.
    const value = toJson(String(step));
    if (typeof value !== 'object' || value === null) return this.#plain(value, step);
    return this.#object(value, step, property, objectFault(value));
  }

  #plain(value: unknown, step: string | number): string | undefined {
    const fault = plainFault(value);
    if (fault !== undefined) throw invalidOutput(this.#pathTo(step), fault);
    if (typeof value === 'string') this.#count(value.length);
    return JSON.stringify(value);
  }

  #object(
    value: object,
    step: string | number,
    property: DtoProperty | undefined,
    fault: string | undefined,
  ): string {
    const path = this.#pathTo(step);
    if (fault !== undefined) throw invalidOutput(path, fault);
    // JSON writes these as a text, a number or a boolean.
    if (types.isBoxedPrimitive(value) || types.isDate(value)) return JSON.stringify(value);
    if (this.#held.includes(value)) throw holdsItself(path);
    if (this.#held.length === DEPTH_LIMIT) throw tooDeep(path);
    this.#held.push(value);
    this.#paths.push(path);
    const text = this.#body(value, property);
    this.#held.pop();
    this.#paths.pop();
    return text;
  }

  #body(value: object, property: DtoProperty | undefined): string {
    if (Array.isArray(value)) return this.#list(value, property);
    if (value instanceof Set) return this.#list([...value], property);
    const fields = this.described?.fields(value, property);
    const keys = fields ? [...fields.keys()] : Object.keys(value);
    if (keys.length === 0) this.#refuseHollow(value);
    let text = '';
    for (const key of keys) {
      const [part, of] = fields ? (fields.get(key) ?? []) : [Reflect.get(value, key)];
      const written = this.write(part, key, of);
      if (written === undefined) continue;
      this.#count(key.length + 5);
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${written}`;
    }
    return `{${text}}`;
  }

  #refuseHollow(value: object): void {
    const fault = emptyInstanceFault(value);
    if (fault) throw invalidOutput(this.path, fault);
  }

  #list(list: readonly unknown[], property: DtoProperty | undefined): string {
    const parts: string[] = [];
    for (let index = 0; index < list.length; index++) {
      this.#count(2);
      parts.push(this.write(list[index], index, property) ?? 'null');
    }
    return `[${parts.join(',')}]`;
  }

  #count(bytes: number): void {
    this.#leastBytes += bytes;
    if (this.#leastBytes > this.#farTooLarge) throw this.limit.refuse(`more than ${this.#farTooLarge}`);
  }

  #pathTo(step: string | number): ValuePath | undefined {
    return this.#held.length === 0 ? undefined : { within: this.path, step };
  }
}

/**
 * Returns an object's `toJSON`, bound to it. Undefined also for dates and binary data: an invalid date's gives null,
 * and that of a Buffer of 40 MB takes most of a minute.
 */
export function toJsonOf(value: object): ((key: string) => unknown) | undefined {
  if (ArrayBuffer.isView(value) || types.isDate(value)) return undefined;
  const toJson: unknown = Reflect.get(value, 'toJSON');
  return typeof toJson === 'function' ? (key) => toJson.call(value, key) as unknown : undefined;
}

/** Describes why a value that is no object can't be JSON; undefined if it can. */
function plainFault(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return 'is a BigInt; return it as a string, or as a number where it is small enough';
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON has no number for`;
    case 'function':
    case 'symbol':
      return `is a ${typeof value}`;
    default:
      return undefined;
  }
}

/**
 * Describes what is wrong with an object that JSON would write as `{}`, or otherwise not as the user means. Returns
 * undefined if nothing is wrong.
 */
export function objectFault(value: object): string | undefined {
  if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return undefined;
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'is an invalid Date' : undefined;
  if (types.isPromise(value)) return 'is a promise; await it';
  if (types.isBoxedPrimitive(value)) return plainFault(value.valueOf());
  return OBJECT_FAULTS.find(([is]) => is(value))?.[1];
}

const OBJECT_FAULTS: readonly (readonly [is: (value: object) => boolean, fault: string])[] = [
  [types.isMap, 'is a Map; return Object.fromEntries(map)'],
  [types.isSet, 'is a Set; return [...set]'],
  [types.isNativeError, 'is an Error; throw it, or return its message'],
  [isBinary, 'is binary; return it as text, for example in base64'],
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

/**
 * Returns true for an iterable object that has no fields of its own, such as an iterator or a URLSearchParams. JSON
 * would write it as `{}`.
 */
function isBareIterable(value: object): boolean {
  return (Symbol.iterator in value || Symbol.asyncIterator in value) && Object.keys(value).length === 0;
}
