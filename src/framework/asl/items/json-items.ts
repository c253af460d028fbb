import { parseJson, type Json, type JsonObject } from '../values/json.js';
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
  const list = new ListScanner();
  for await (const chunk of chunks) {
    const texts = list.push(chunk);
    if ((list.opening ?? '[') !== '[' || (list.rest ?? '').trim() !== '') throw readerFailure(NO_LIST);
    if (texts.length > 0) yield texts.map(parsed);
  }
  if (list.rest === undefined) throw readerFailure(list.opening === undefined ? NO_LIST : NO_JSON);
}

/**
 * Yields the items of the array or object in a JSON file to which a JSON Pointer (RFC 6901) leads. The file is read twice,
 * and never held whole. Of a repeated key on the way the last one counts, as for JSON.parse. The fields of an object are
 * yielded one by one, in the order of the file.
 * @param read begins to read the file
 * @throws StateFailure if there is no such array or object, or the file isn't JSON
 */
export async function* pointedItems(
  read: () => AsyncIterable<string>,
  pointer: string,
): AsyncGenerator<Json[] | JsonObject> {
  const place = await placeOf(read(), pointer);
  const list = new ListScanner();
  let offset = 0;
  for await (const chunk of read()) {
    const texts = list.push(chunk.slice(Math.max(0, place - offset)));
    offset += chunk.length;
    if (list.opening === '{') for (const text of texts) yield parsed(`{${text}}`) as JsonObject;
    else yield texts.map(parsed);
    if (list.rest !== undefined) return;
  }
}

/** Returns the offset of the bracket with which the array or object begins to which a JSON Pointer leads. */
async function placeOf(chunks: AsyncIterable<string>, pointer: string): Promise<number> {
  const scanner = new PointerScanner(pointer);
  for await (const chunk of chunks) scanner.push(chunk);
  return scanner.end();
}

function parsed(text: string): Json {
  const value = parseJson(text);
  if (value === undefined) throw readerFailure(NO_JSON);
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;
/** The character codes of `[` and `{`, and those of `]` and `}`, with the one bit set by which they differ. */
const [OPEN, CLOSE, BIT] = [0x7b, 0x7d, 0x20];

/** Follows the strings of a JSON text: a bracket or a comma inside them is none. */
class Strings {
  isOpen = false;
  #isEscaped = false;

  /** Takes the next character. Returns true if it is part of a string. */
  take(code: number): boolean {
    if (!this.isOpen) return (this.isOpen = code === QUOTE);
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) this.isOpen = false;
    return true;
  }
}

/** Splits the text of a JSON array or object into the texts of its items. Whether an item is JSON isn't checked. */
class ListScanner {
  /** The first character of the list; undefined before it. */
  opening: string | undefined;
  /** What the last chunk has behind the list; undefined until the list has ended. */
  rest: string | undefined;
  #depth = 0;
  readonly #strings = new Strings();
  /** The part of the current item that was in earlier chunks. */
  #part = '';
  #isEmpty = true;

  /** Returns the texts of the items that end in this chunk. */
  push(chunk: string): string[] {
    const items: string[] = [];
    let from = this.opening === undefined ? this.#skip(chunk) : 0;
    if (this.rest !== undefined) this.rest = chunk;
    for (let at = from; at < chunk.length && this.rest === undefined; at++) {
      const code = chunk.charCodeAt(at);
      if (this.#strings.take(code)) continue;
      if ((code | BIT) === OPEN) this.#depth++;
      else if ((code | BIT) === CLOSE ? this.#depth-- === 0 : code === COMMA && this.#depth === 0) {
        this.#item(items, chunk.slice(from, at), code !== COMMA);
        from = at + 1;
        if (code !== COMMA) this.rest = chunk.slice(from);
      }
    }
    if (this.rest === undefined) this.#part += chunk.slice(from);
    checkLength(this.#part.length, 'An item of the file');
    return items;
  }

  /** Skips what is before the list. Returns the place behind its bracket. */
  #skip(chunk: string): number {
    const at = chunk.search(/\S/);
    if (at < 0) return chunk.length;
    this.opening = chunk.charAt(at);
    return at + 1;
  }

  #item(items: string[], end: string, isLast: boolean): void {
    const text = this.#part + end;
    this.#part = '';
    // An array without items, and not one that ends in a comma.
    if (!(isLast && this.#isEmpty && text.trim() === '')) items.push(text);
    this.#isEmpty = false;
  }
}

/** Finds the place in a JSON text to which a JSON Pointer leads. */
class PointerScanner {
  readonly #steps: readonly string[];
  /** The arrays and objects that are open on the way, the outermost first: the key or index of the current value in each. */
  readonly #way: (string | number)[] = [];
  readonly #strings = new Strings();
  #depth = 0;
  #offset = 0;
  /** The text of the key that is being read; undefined where a value is. */
  #key: string | undefined;
  #place: number | undefined;
  #isSeen = false;

  constructor(pointer: string) {
    const steps = pointer.slice(1).split('/');
    this.#steps = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  }

  push(chunk: string): void {
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      if (this.#strings.take(code)) this.#inString(chunk.charAt(at));
      else if ((code | BIT) === OPEN) this.#open(code, this.#offset + at);
      else if ((code | BIT) === CLOSE) this.#close();
      else if (this.#depth === 0 && code > SPACE) throw readerFailure(this.#isSeen ? NO_JSON : NO_LIST);
      else if (code === COMMA && this.#depth === this.#way.length) this.#next();
    }
    this.#offset += chunk.length;
  }

  /** @throws StateFailure if the pointer leads to no array and to no object, or the text isn't complete */
  end(): number {
    if (this.#depth > 0 || this.#strings.isOpen) throw readerFailure(NO_JSON);
    if (this.#place === undefined) throw readerFailure(NO_LIST);
    return this.#place;
  }

  #inString(char: string): void {
    if (this.#key === undefined) return;
    this.#key += char;
    checkLength(this.#key.length, 'A key of the file');
    if (this.#strings.isOpen) return;
    const key = parsed(this.#key) as string;
    this.#key = undefined;
    this.#way[this.#way.length - 1] = key;
    if (this.#isNext()) this.#place = undefined;
  }

  /** Returns true if the current value of the innermost array or object on the way is the next one on it. */
  #isNext(): boolean {
    return String(this.#way.at(-1)) === this.#steps[this.#way.length - 1];
  }

  #open(code: number, at: number): void {
    const isOnWay = this.#depth === this.#way.length && (this.#isSeen ? this.#isNext() : true);
    this.#depth++;
    this.#isSeen = true;
    if (!isOnWay) return;
    if (this.#way.length === this.#steps.length) this.#place = at;
    const isObject = code === OPEN;
    this.#way.push(isObject ? '' : 0);
    this.#key = isObject ? '' : undefined;
  }

  #close(): void {
    if (this.#depth === this.#way.length) this.#way.pop();
    this.#key = undefined;
    if (--this.#depth < 0) throw readerFailure(NO_JSON);
  }

  /** Goes on to the next value of the innermost array or object on the way. */
  #next(): void {
    const at = this.#way.length - 1;
    const current = this.#way[at];
    if (typeof current === 'number') this.#way[at] = current + 1;
    else this.#key = '';
  }
}
