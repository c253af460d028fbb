import { FilterReader } from './filter-parser.js';
import { readFunction } from './functions.js';
import type { Scanner } from './scanner.js';
import type { Step } from './steps.js';

const NAME = /[^\s.[\]()'"?*@,:^~`$=!<>&|]+/y;
const QUOTED = /\s*(?:'([^']*)'|"([^"]*)")\s*/y;
const INDEX = /\s*(-?\d+)\s*/y;
const SLICE = /\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(\d+))?\s*\]/y;

/**
 * Parses the steps of a path like Jayway JsonPath, the library that Step Functions uses: a dot may precede a bracket,
 * and a backslash in a quoted name is an ordinary character (recorded/paths.ts). Stops at the first character that no
 * step begins with.
 * @throws Error if a step begins but can't be parsed
 */
export function readSteps(scanner: Scanner): Step[] {
  return new StepReader(scanner).steps();
}

class StepReader {
  readonly #steps: Step[] = [];

  constructor(private readonly scanner: Scanner) {}

  steps(): Step[] {
    while (this.#step());
    return this.#steps;
  }

  #step(): boolean {
    const { text, at } = this.scanner;
    if (text[at] === '[') this.#brackets();
    else if (text[at] === '.') this.#dotted();
    else return false;
    return true;
  }

  #dotted(): void {
    const { scanner } = this;
    if (scanner.take(/\.\./y) !== undefined) this.#steps.push({ kind: 'descent', shown: '..' });
    else scanner.at++;
    if (scanner.text[scanner.at] === '[') return this.#brackets();
    if (scanner.take(/\*/y) !== undefined) {
      this.#steps.push({ kind: 'every', shown: '[*]' });
      return;
    }
    const name = scanner.take(NAME) ?? this.#fail();
    if (scanner.text[scanner.at] === '(') {
      this.#steps.push(readFunction(name, scanner));
      return;
    }
    this.#steps.push({ kind: 'names', names: [name], shown: `['${name}']` });
  }

  #brackets(): void {
    const from = this.scanner.at++;
    const step =
      this.#everything() ??
      this.#filter() ??
      this.#slice() ??
      this.#names() ??
      this.#indexes() ??
      this.#fail();
    this.#steps.push({ ...step, shown: step.shown || this.scanner.text.slice(from, this.scanner.at) });
  }

  #everything(): Step | undefined {
    return this.scanner.match(/\s*\*\s*\]/y) && { kind: 'every', shown: '[*]' };
  }

  #filter(): Step | undefined {
    const { scanner } = this;
    const [whole, opening = ''] = scanner.match(/\s*(\?\s*\()/y) ?? [];
    if (whole === undefined) return undefined;
    const from = scanner.at;
    const filter = new FilterReader(scanner, readSteps).filter();
    const inner = scanner.text.slice(from, scanner.at);
    if (scanner.take(/\s*\)\s*\]/y) === undefined) this.#fail();
    return { kind: 'filter', filter, shown: `[${opening}${inner})]` };
  }

  #slice(): Step | undefined {
    const [whole, from, to, step = '1'] = this.scanner.match(SLICE) ?? [];
    if (whole === undefined) return undefined;
    const slice = { from: numberOf(from), to: numberOf(to), step: Math.max(Number(step), 1) };
    return { kind: 'slice', slice, shown: '' };
  }

  #names(): Step | undefined {
    const names = this.#list(QUOTED);
    if (names.length === 0) return undefined;
    return { kind: 'names', names, shown: `[${names.map((name) => `'${name}'`).join(',')}]` };
  }

  #indexes(): Step | undefined {
    const indexes = this.#list(INDEX).map(Number);
    return indexes.length === 0 ? undefined : { kind: 'indexes', indexes, shown: `[${indexes.join(',')}]` };
  }

  /**
   * Parses items that are separated by commas, and the closing bracket. Returns an empty list if the first item can't
   * be parsed.
   */
  #list(item: RegExp): string[] {
    const items: string[] = [];
    do {
      const found = this.scanner.match(item);
      if (!found) return items.length === 0 ? items : this.#fail();
      items.push(found[1] ?? found[2] ?? '');
    } while (this.scanner.match(/,/y));
    if (!this.scanner.match(/\]/y)) this.#fail();
    return items;
  }

  #fail(): never {
    throw new Error(`it cannot be read from '${this.scanner.rest}' on`);
  }
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
