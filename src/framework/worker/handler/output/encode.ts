import { types } from 'node:util';
import { bytesBeyondLimit } from '../../../base/json.js';
import type { DtoProperty } from '../../../declare/dto/dto-property.js';
import { DEPTH_LIMIT } from '../input/decode.js';
import type { DescribedOutput } from './instances.js';
import type { ValuePath } from '../input/value-path.js';
import { cut } from '../../../base/show.js';
import {
  emptyInstanceFault,
  holdsItself,
  invalidOutput,
  objectFault,
  type OutputLimit,
  plainFault,
  SERVICE_LIMIT,
  tooDeep,
  toJsonOf,
  unreadable,
} from './output-faults.js';

/**
 * Writes a result as JSON. `undefined` is written as `null`; in an object, a key whose value is `undefined` is left
 * out. Writing stops early if the result is far too large. Each field is read once, and of the result's methods only
 * `toJSON` is called.
 * @param limit the most bytes of the JSON, and the Refusal of a result that has more
 * @param described says how classes are written. @default none: objects are written with their own fields
 * @throws Refusal with InvalidOutput if a value would become `{}` or `null` in JSON, or is nested deeper than an input
 * may be; with OutputTooLarge if the JSON has more bytes than the limit.
 */
export function encode(
  result: unknown,
  limit: OutputLimit = SERVICE_LIMIT,
  described?: DescribedOutput,
): string {
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
    private readonly described: DescribedOutput | undefined,
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
