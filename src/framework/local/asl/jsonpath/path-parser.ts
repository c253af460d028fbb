import { compileFilter, type Filter } from './filter.js';

/** One step of a path. `shown` is the step as messages of the service have it. */
export type Step =
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly shown: string }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[]; readonly shown: string }
  | { readonly kind: 'slice'; readonly slice: Slice; readonly shown: string }
  | { readonly kind: 'filter'; readonly filter: Filter; readonly shown: string }
  | { readonly kind: 'every'; readonly shown: string }
  /** The step after it is taken from every place below, and from where it stands. */
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
 * Reads the steps of a path from `at` on, the way Jayway JsonPath does, which the service runs: a dot may stand before
 * a bracket, and a backslash in a quoted name is a backslash (recorded/paths.ts).
 * @returns the steps, and where they end: what follows is for the caller to judge
 * @throws Error where a step begins that cannot be read
 */
export function readSteps(text: string, at: number): { steps: Step[]; end: number } {
  const reader = new StepReader(text, at);
  return { steps: reader.steps(), end: reader.at };
}

class StepReader {
  readonly #steps: Step[] = [];

  constructor(
    private readonly text: string,
    public at: number,
  ) {}

  steps(): Step[] {
    while (this.#step());
    return this.#steps;
  }

  #step(): boolean {
    const char = this.text[this.at];
    if (char === '[') this.#brackets();
    else if (char === '.') this.#dotted();
    else return false;
    return true;
  }

  #dotted(): void {
    const descends = this.text.startsWith('..', this.at);
    if (descends) this.#steps.push({ kind: 'descent', shown: '..' });
    this.at += descends ? 2 : 1;
    if (this.text[this.at] === '[') return this.#brackets();
    if (this.text[this.at] === '*') {
      this.at++;
      this.#steps.push({ kind: 'every', shown: '[*]' });
      return;
    }
    const [name] = this.#take(NAME) ?? this.#fail();
    this.#steps.push({ kind: 'names', names: [name], shown: `['${name}']` });
  }

  #brackets(): void {
    const from = this.at++;
    const step =
      this.#everything() ??
      this.#filter() ??
      this.#slice() ??
      this.#names() ??
      this.#indexes() ??
      this.#fail();
    this.#steps.push({ ...step, shown: step.shown || this.text.slice(from, this.at) });
  }

  #everything(): Step | undefined {
    return this.#take(/\s*\*\s*\]/y) && { kind: 'every', shown: '[*]' };
  }

  #filter(): Step | undefined {
    const [whole, opening = ''] = this.#take(/\s*(\?\s*\()/y) ?? [];
    if (whole === undefined) return undefined;
    const from = this.at;
    const { filter, end } = compileFilter(this.text, from);
    this.at = end;
    if (!this.#take(/\s*\)\s*\]/y)) this.#fail();
    return { kind: 'filter', filter, shown: `[${opening}${this.text.slice(from, end)})]` };
  }

  #slice(): Step | undefined {
    const [whole, from, to, step = '1'] = this.#take(SLICE) ?? [];
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

  /** Items with commas between them, up to the closing bracket. None where the first cannot be read. */
  #list(item: RegExp): string[] {
    const items: string[] = [];
    do {
      const found = this.#take(item);
      if (!found) return items.length === 0 ? items : this.#fail();
      items.push(found[1] ?? found[2] ?? '');
    } while (this.#take(/,/y));
    if (!this.#take(/\]/y)) this.#fail();
    return items;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at = pattern.lastIndex;
    return found;
  }

  #fail(): never {
    throw new Error(`it cannot be read from '${this.text.slice(this.at, this.at + 40)}' on`);
  }
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
