import type { Json } from '../values/json.js';
import { comparison, constant, exists, valueAt, type Filter, type Operand, type Test } from './filter.js';
import type { Scanner } from './scanner.js';

/** One step of a path. `shown` is the step as the error messages of Step Functions show it. */
export type Step =
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly shown: string }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[]; readonly shown: string }
  | { readonly kind: 'slice'; readonly slice: Slice; readonly shown: string }
  | { readonly kind: 'filter'; readonly filter: Filter; readonly shown: string }
  | { readonly kind: 'every'; readonly shown: string }
  /** `..`: the next step is applied to the current value and to every value nested in it. */
  | { readonly kind: 'descent'; readonly shown: string };

export interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number;
}

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
    const filter = new FilterReader(scanner).filter();
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

/**
 * Parses the filter between `?(` and `)`. It may consist of comparisons of paths and literals, `&&`, `||`, `!` and
 * brackets; anything else is rejected. No part of a filter is ever run as code.
 */
class FilterReader {
  #operands = 0;

  constructor(private readonly scanner: Scanner) {}

  filter(): Filter {
    const holds = this.#either();
    return { holds, size: this.#operands };
  }

  #either(): Test {
    let left = this.#both();
    while (this.scanner.take(/\s*\|\|/y) !== undefined) {
      const [before, after] = [left, this.#both()];
      left = (item, root) => before(item, root) || after(item, root);
    }
    return left;
  }

  #both(): Test {
    let left = this.#one();
    while (this.scanner.take(/\s*&&/y) !== undefined) {
      const [before, after] = [left, this.#one()];
      left = (item, root) => before(item, root) && after(item, root);
    }
    return left;
  }

  #one(): Test {
    if (this.scanner.take(/\s*!(?!=)/y) !== undefined) {
      const inner = this.#one();
      return (item, root) => !inner(item, root);
    }
    if (this.scanner.take(/\s*\(/y) === undefined) return this.#comparison();
    const inner = this.#either();
    if (this.scanner.take(/\s*\)/y) === undefined) this.#fail();
    return inner;
  }

  #comparison(): Test {
    const left = this.#operand();
    const operator = this.scanner.take(/\s*(?:[=!<>]=|[<>])/y)?.trim();
    return operator === undefined ? exists(left) : comparison(operator, left, this.#operand());
  }

  #operand(): Operand {
    this.#operands++;
    this.scanner.take(/\s*/y);
    const quoted = this.scanner.take(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y);
    if (quoted !== undefined) return constant(quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
    const literal = this.scanner.take(/-?\d+(?:\.\d+)?|true\b|false\b|null\b/y);
    if (literal !== undefined) return constant(JSON.parse(literal) as Json);
    const start = this.scanner.take(/[@$]/y);
    if (start !== undefined) return valueAt(start, readSteps(this.scanner).map(nameOf));
    // Some published state machines compare with a word that isn't quoted. Such a word has no value, so nothing is
    // equal to it.
    if (this.scanner.take(/[\p{L}_][\p{L}\p{N}_-]*/uy) !== undefined) return () => undefined;
    return this.#fail();
  }

  #fail(): never {
    throw new Error(`the filter cannot be read from '${this.scanner.rest}' on`);
  }
}

/**
 * Returns the name or the index of one step of a path inside a filter. Such a path must lead to one value.
 * @throws Error if the step can lead to many values
 */
function nameOf(step: Step): string | number {
  const [name, ...names] = step.kind === 'names' ? step.names : step.kind === 'indexes' ? step.indexes : [];
  if (name === undefined || names.length > 0) throw new Error(`a filter cannot hold ${step.shown}`);
  return name;
}
