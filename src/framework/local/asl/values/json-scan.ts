/** A mistake in a text that should be JSON. */
export interface JsonMistake {
  readonly message: string;
  /** The offset behind what is wrong. */
  readonly end: number;
}

/** Called for each name of a field. `keys` are the names and indexes of the values around it, and its own name. */
type OnName = (keys: readonly (string | number)[]) => void;

/** The next token that the innermost object or list may have. */
type Next = 'value' | 'valueOrEnd' | 'name' | 'nameOrEnd' | 'comma';

interface Open {
  readonly isObject: boolean;
  readonly at: number;
  next: Next;
}

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null']);
const HEX = /^[\da-fA-F]{4}$/;

/**
 * Returns the first mistake in a text, in the words of Jackson, the JSON parser of Step Functions; undefined if the
 * text is JSON. Two of its messages were recorded.
 */
export const jsonMistake = (text: string): JsonMistake | undefined => new JsonScan(text).run();

/** Calls `onName` for each name of a field in a text, repeated ones included, up to the first mistake. */
export const eachName = (text: string, onName: OnName): void => void new JsonScan(text, onName).run();

class JsonScan {
  #at = 0;
  #mistake: JsonMistake | undefined;
  readonly #open: Open[] = [];
  readonly #keys: (string | number)[] = [];

  constructor(
    private readonly text: string,
    private readonly onName: OnName = () => {},
  ) {}

  run(): JsonMistake | undefined {
    this.#value();
    while (!this.#mistake && this.#open.length > 0) this.#step();
    this.#space();
    if (!this.#mistake && this.#at < this.text.length) this.#unexpected('expected nothing behind the value');
    return this.#mistake;
  }

  /** Reads the next token inside the innermost object or list. */
  #step(): void {
    const open = this.#open.at(-1);
    if (!open) return;
    const { isObject, next } = open;
    this.#space();
    const char = this.text.charAt(this.#at);
    if (char === '') return this.#endOfInput(open);
    const mayEnd = next === 'comma' || next.endsWith('OrEnd');
    if (mayEnd && (char === '}' || char === ']')) return this.#close(open, char);
    if (next === 'comma') {
      if (char !== ',')
        return this.#unexpected(`was expecting comma to separate ${isObject ? 'Object' : 'Array'} entries`);
      this.#at++;
      open.next = isObject ? 'name' : 'value';
    } else if (isObject) this.#entry(open, char);
    else {
      this.#keys[this.#open.length - 1] = Number(this.#keys[this.#open.length - 1] ?? -1) + 1;
      open.next = 'comma';
      this.#value();
    }
  }

  #entry(open: Open, char: string): void {
    if (char !== '"') return this.#unexpected('was expecting double-quote to start field name');
    const begin = this.#at;
    this.#string();
    if (this.#mistake) return;
    this.#keys.length = this.#open.length;
    this.#keys[this.#open.length - 1] = JSON.parse(this.text.slice(begin, this.#at)) as string;
    this.onName(this.#keys);
    this.#space();
    if (this.text.charAt(this.#at) !== ':')
      return this.#unexpected('was expecting a colon to separate field name and value');
    this.#at++;
    open.next = 'comma';
    this.#value();
  }

  #close(open: Open, char: string): void {
    const wanted = open.isObject ? '}' : ']';
    if (char !== wanted) {
      const kind = open.isObject ? 'Object' : 'Array';
      return this.#fail(
        `Unexpected close marker '${char}': expected '${wanted}' (for ${kind})`,
        this.#at + 1,
      );
    }
    this.#at++;
    this.#open.pop();
    this.#keys.length = this.#open.length;
  }

  #value(): void {
    this.#space();
    const char = this.text.charAt(this.#at);
    if (char === '"') return this.#string();
    if (char === '{' || char === '[') {
      const isObject = char === '{';
      this.#open.push({ isObject, at: this.#at++, next: isObject ? 'nameOrEnd' : 'valueOrEnd' });
      return;
    }
    if (/[-\d]/.test(char)) return this.#number();
    const word = this.#match(WORD);
    if (word === '') return this.#unexpected(`expected a valid value ${VALUES}`);
    if (!WORDS.has(word)) this.#fail(`Unrecognized token '${word}': was expecting ${VALUES}`, this.#at);
  }

  #number(): void {
    const found = this.#match(NUMBER);
    const char = this.text.charAt(this.#at);
    if (found === '' || /[\w.$+-]/.test(char)) {
      if (found === '') this.#at++;
      this.#unexpected('a number is not written like this in JSON');
    }
  }

  #string(): void {
    for (this.#at++; this.#at < this.text.length; this.#at++) {
      const char = this.text.charAt(this.#at);
      if (char === '"') {
        this.#at++;
        return;
      }
      if (char < ' ') {
        const message = `Illegal unquoted character ((CTRL-CHAR, code ${char.charCodeAt(0)})): has to be escaped using backslash to be included in string value`;
        return this.#fail(message, this.#at + 1);
      }
      if (char === '\\' && !this.#escape()) return;
    }
    this.#fail('Unexpected end-of-input: was expecting closing quote for a string value', this.#at);
  }

  /** Skips the character behind a backslash. Returns false if no character can be escaped like this. */
  #escape(): boolean {
    const char = this.text.charAt(++this.#at);
    if (char !== '' && '"\\/bfnrt'.includes(char)) return true;
    if (char === 'u' && HEX.test(this.text.slice(this.#at + 1, this.#at + 5))) {
      this.#at += 4;
      return true;
    }
    this.#fail(`Unrecognized character escape '${char}'`, this.#at);
    return false;
  }

  #space(): void {
    while (this.#at < this.text.length && ' \t\n\r'.includes(this.text.charAt(this.#at))) this.#at++;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.text) ?? [];
    this.#at += found.length;
    return found;
  }

  #endOfInput({ isObject }: Open): void {
    const kind = isObject ? 'Object' : 'Array';
    this.#fail(`Unexpected end-of-input: expected close marker for ${kind}`, this.text.length);
  }

  #unexpected(expected: string): void {
    const char = this.text.charAt(this.#at);
    if (char === '') return this.#fail('Unexpected end-of-input', this.#at);
    this.#fail(`Unexpected character ('${char}' (code ${char.charCodeAt(0)})): ${expected}`, this.#at + 1);
  }

  #fail(message: string, end: number): void {
    this.#mistake ??= { message, end };
  }
}
