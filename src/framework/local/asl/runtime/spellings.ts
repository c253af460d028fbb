import { getOwn, isObject, type Json } from '../values/json.js';

/**
 * The texts of JSON values that are shown as they were sent, with their white space: the execution's input, and the
 * results of a Parallel that contain it. Recorded from the live service.
 */
export class Spellings {
  readonly #texts = new WeakMap<object, string>();

  keep(value: Json, text: string): void {
    if (isObject(value) || Array.isArray(value)) this.#texts.set(value, text);
  }

  /** Returns the text of a value; undefined if it is shown as compact JSON. */
  of(value: Json): string | undefined {
    return isObject(value) || Array.isArray(value) ? this.#texts.get(value) : undefined;
  }

  /** Keeps the text of a value, and of each list and object in it. */
  keepParts(value: Json, text: string): void {
    new PartScanner(text, (part, slice) => this.keep(part, slice)).scan(value);
  }

  /** Keeps the text of a list, if the text of one of its values is kept. */
  keepList(values: Json[]): void {
    if (!values.some((value) => this.of(value) !== undefined)) return;
    const texts = values.map((value) => this.of(value) ?? JSON.stringify(value));
    this.keep(values, `[${texts.join(',')}]`);
  }
}

/** Finds the text of each list and object in a JSON text. */
class PartScanner {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly onPart: (value: Json, text: string) => void,
  ) {}

  /** @param value the parsed text from here on; undefined if it isn't known */
  scan(value: Json | undefined): void {
    this.#skip(/\s*/y);
    const begin = this.#at;
    const open = this.text[begin];
    if (open === '{') this.#list('}', () => this.#member(value));
    else if (open === '[') {
      let index = 0;
      this.#list(']', () => this.scan(Array.isArray(value) ? value[index++] : undefined));
    } else this.#skip(/"(?:[^"\\]|\\.)*"|[^\s,\]}]+/y);
    if (value !== undefined && (open === '{' || open === '['))
      this.onPart(value, this.text.slice(begin, this.#at));
  }

  #list(close: string, readEntry: () => void): void {
    this.#at++;
    while (this.#skip(/\s*,?\s*/y) !== undefined && this.#at < this.text.length) {
      if (this.text[this.#at] === close) break;
      readEntry();
    }
    this.#at++;
  }

  #member(value: Json | undefined): void {
    const name = this.#skip(/"(?:[^"\\]|\\.)*"/y) ?? '""';
    this.#skip(/\s*:/y);
    this.scan(isObject(value) ? getOwn(value, JSON.parse(name) as string) : undefined);
  }

  /** Moves behind a match of the pattern at this place, and returns it. */
  #skip(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}
