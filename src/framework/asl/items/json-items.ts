import { isObject, parseJson, type Json, type JsonObject } from '../values/json.js';
import { readerFailure } from './item.js';
import { checkLength, linesOf } from './lines.js';

/** Recorded from the live service. */
const NO_LIST = 'Attempting to map over non-iterable node.';
const NO_JSON = 'The data that the ItemReader reads is not valid JSON.';

/** Yields the values of a JSON Lines file. Empty lines are left out. @throws StateFailure if a line isn't JSON */
export async function* jsonLines(chunks: AsyncIterable<string>): AsyncGenerator<Json[]> {
  for await (const lines of linesOf(chunks)) {
    const values = lines.filter((line) => line.trim() !== '').map(parsed);
    if (values.length > 0) yield values;
  }
}

/**
 * Yields the items of a JSON file that has an array, without ever holding the whole file.
 * @throws StateFailure if the file has no array, or isn't JSON
 */
export async function* jsonItems(chunks: AsyncIterable<string>): AsyncGenerator<Json[]> {
  const array = new ArrayScanner();
  for await (const chunk of chunks) {
    const values = array.push(chunk).map(parsed);
    if (values.length > 0) yield values;
  }
  array.end();
}

/**
 * Reads a JSON file as a whole, and returns the array or object in it to which a JSON Pointer (RFC 6901) leads.
 * @throws StateFailure if there is none, or the file isn't JSON
 */
export async function pointedItems(
  chunks: AsyncIterable<string>,
  pointer: string,
): Promise<Json[] | JsonObject> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  const value = valueAt(parsed(text), pointer);
  if (Array.isArray(value) || isObject(value)) return value;
  throw readerFailure(NO_LIST);
}

function parsed(text: string): Json {
  const value = parseJson(text);
  if (value === undefined) throw readerFailure(NO_JSON);
  return value;
}

/** Returns the value to which a JSON Pointer leads; null if there is none. */
function valueAt(value: Json, pointer: string): Json {
  let at: Json = value;
  for (const step of pointer.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return null;
    at = (at as JsonObject)[key] ?? null;
  }
  return at;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** The character codes of `[` and `{`, and those of `]` and `}`, with the one bit set by which they differ. */
const [OPEN, CLOSE, BIT] = [0x7b, 0x7d, 0x20];

/** Splits the text of a JSON array into the texts of its items. Whether an item is JSON isn't checked. */
class ArrayScanner {
  #state: 'before' | 'inside' | 'after' = 'before';
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** The part of the current item that was in earlier chunks. */
  #part = '';
  #isEmpty = true;

  /** Returns the texts of the items that end in this chunk. */
  push(chunk: string): string[] {
    let at = this.#state === 'before' ? this.#skip(chunk) : 0;
    const items: string[] = [];
    let from = at;
    for (; at < chunk.length && this.#state === 'inside'; at++) {
      const code = chunk.charCodeAt(at);
      if (this.#inString) this.#inText(code);
      else if (code === QUOTE) this.#inString = true;
      else if ((code | BIT) === OPEN) this.#depth++;
      else if ((code | BIT) === CLOSE ? this.#depth-- === 0 : code === COMMA && this.#depth === 0) {
        this.#item(items, chunk.slice(from, at), code !== COMMA);
        from = at + 1;
      }
    }
    if (this.#state === 'after') {
      if (chunk.slice(from).trim() !== '') throw readerFailure(NO_LIST);
    } else this.#part += chunk.slice(from);
    checkLength(this.#part.length, 'item');
    return items;
  }

  /** @throws StateFailure unless the array has ended */
  end(): void {
    if (this.#state !== 'after') throw readerFailure(this.#state === 'before' ? NO_LIST : NO_JSON);
  }

  #inText(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) this.#inString = false;
  }

  /** Skips what is before the array. Returns the place behind its bracket. */
  #skip(chunk: string): number {
    const at = chunk.search(/\S/);
    if (at < 0) return chunk.length;
    if (chunk[at] !== '[') throw readerFailure(NO_LIST);
    this.#state = 'inside';
    return at + 1;
  }

  #item(items: string[], end: string, isLast: boolean): void {
    const text = this.#part + end;
    this.#part = '';
    // An array without items, and not one that ends in a comma.
    if (!(isLast && this.#isEmpty && text.trim() === '')) items.push(text);
    this.#isEmpty = false;
    if (isLast) this.#state = 'after';
  }
}
