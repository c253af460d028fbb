import { MAX_DEPTH, TOO_DEEP } from './json.js';
import { Scanner } from './scanner.js';

/** The names and indexes of the values around a place in a JSON text, the outermost first, and its own. */
type Keys = readonly (string | number)[];

/** A mistake in a text that should be JSON. */
export class JsonMistake extends Error {
  override readonly name = 'JsonMistake';

  constructor(
    message: string,
    /** The offset behind what is wrong. */
    readonly end: number,
  ) {
    super(message);
  }
}

/**
 * Returns the first mistake in a text, in the words of Jackson, the JSON parser of Step Functions; undefined if the
 * text is JSON. Two of its messages were recorded.
 */
export const jsonMistake = (text: string): JsonMistake | undefined => new JsonScan(text).run();

/** Calls `onName` for each name of a field in a text, repeated ones included, up to the first mistake. */
export const eachName = (text: string, onName: (keys: Keys) => void): void =>
  void new JsonScan(text, onName).run();

/** Calls `onPart` with the text of each object and each list in a text, the inner ones first. */
export const eachPart = (text: string, onPart: (keys: Keys, part: string) => void): void =>
  void new JsonScan(text, undefined, onPart).run();

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const SPACE = /[ \t\n\r]*/y;
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Matches characters of a string, or one escape. A loop takes them, since V8's stack for a repeated group is limited. */
// oxlint-disable-next-line no-control-regex -- it has to stop at control characters
const CHARACTERS = /[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null']);

class JsonScan {
  readonly #scanner: Scanner;
  readonly #keys: (string | number)[] = [];

  constructor(
    text: string,
    private readonly onName?: (keys: Keys) => void,
    private readonly onPart?: (keys: Keys, part: string) => void,
  ) {
    this.#scanner = new Scanner(text);
  }

  run(): JsonMistake | undefined {
    try {
      this.#value();
      this.#space();
      return this.#scanner.atEnd ? undefined : this.#unexpected('expected nothing behind the value');
    } catch (error) {
      if (error instanceof JsonMistake) return error;
      throw error;
    }
  }

  #value(): void {
    const char = this.#space();
    if (this.#keys.length > MAX_DEPTH) this.#fail(TOO_DEEP);
    if (char === '"') this.#string();
    else if (char === '{') this.#entries('Object', '}');
    else if (char === '[') this.#entries('Array', ']');
    else if (/[-\d]/.test(char)) this.#number();
    else {
      const word = this.#scanner.take(WORD) ?? this.#unexpected(`expected a valid value ${VALUES}`);
      if (!WORDS.has(word)) this.#fail(`Unrecognized token '${word}': was expecting ${VALUES}`);
    }
  }

  /** Reads an object or a list, from its opening bracket on. */
  #entries(kind: 'Object' | 'Array', close: string): void {
    const begin = this.#scanner.at++;
    for (let count = 0; ; count++) {
      const char = this.#inside(kind);
      if (char === close) break;
      if (char === '}' || char === ']')
        this.#fail(`Unexpected close marker '${char}': expected '${close}' (for ${kind})`, 1);
      if (count > 0) {
        this.#expect(',', `was expecting comma to separate ${kind} entries`);
        this.#inside(kind);
      }
      this.#keys.push(kind === 'Array' ? count : this.#name());
      if (kind === 'Object') this.onName?.(this.#keys);
      this.#value();
      this.#keys.pop();
    }
    this.#scanner.at++;
    this.onPart?.(this.#keys, this.#scanner.text.slice(begin, this.#scanner.at));
  }

  /** Skips white space, behind which an object or a list must go on. */
  #inside(kind: 'Object' | 'Array'): string {
    return this.#space() || this.#fail(`Unexpected end-of-input: expected close marker for ${kind}`);
  }

  #name(): string {
    if (this.#scanner.char !== '"') this.#unexpected('was expecting double-quote to start field name');
    const name = JSON.parse(this.#string()) as string;
    this.#space();
    this.#expect(':', 'was expecting a colon to separate field name and value');
    return name;
  }

  #number(): void {
    const isNumber = this.#scanner.take(NUMBER) !== undefined;
    if (!isNumber) this.#scanner.at++;
    if (!isNumber || /[\w.$+-]/.test(this.#scanner.char))
      this.#unexpected('a number is not written like this in JSON');
  }

  #string(): string {
    const begin = this.#scanner.at++;
    while (this.#scanner.take(CHARACTERS) !== undefined);
    const { char } = this.#scanner;
    if (char === '') this.#fail('Unexpected end-of-input: was expecting closing quote for a string value');
    if (char === '\\') {
      const escaped = this.#scanner.text.charAt(this.#scanner.at + 1);
      this.#fail(`Unrecognized character escape '${escaped}'`, 1);
    }
    if (char !== '"')
      this.#fail(
        `Illegal unquoted character ((CTRL-CHAR, code ${char.charCodeAt(0)})): has to be escaped using backslash to be included in string value`,
        1,
      );
    this.#scanner.at++;
    return this.#scanner.text.slice(begin, this.#scanner.at);
  }

  /** Skips white space, and returns the character behind it. */
  #space(): string {
    this.#scanner.take(SPACE);
    return this.#scanner.char;
  }

  #expect(char: string, expected: string): void {
    if (this.#scanner.char !== char) this.#unexpected(expected);
    this.#scanner.at++;
  }

  #unexpected(expected: string): never {
    const { char } = this.#scanner;
    if (char === '') this.#fail('Unexpected end-of-input');
    return this.#fail(`Unexpected character ('${char}' (code ${char.charCodeAt(0)})): ${expected}`, 1);
  }

  /** @param width the number of wrong characters at this place */
  #fail(message: string, width = 0): never {
    throw new JsonMistake(message, this.#scanner.at + width);
  }
}
