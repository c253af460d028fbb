import { readSteps, type Step } from './path-parser.js';
import { equalJson, getOwn, isObject, type Json } from '../values/json.js';

/** What a filter of a path, `[?(@.price < 10)]`, holds an item to. */
export interface Filter {
  readonly holds: Test;
  /** How many operands it looks at. */
  readonly size: number;
}

type Test = (item: Json, root: Json) => boolean;

type Operand = (item: Json, root: Json) => Json | undefined;

const COMPARISONS = new Map<string, (a: Json | undefined, b: Json | undefined) => boolean>([
  ['==', (a, b) => a !== undefined && b !== undefined && equalJson(a, b)],
  ['!=', (a, b) => a === undefined || b === undefined || !equalJson(a, b)],
  ['<', (a, b) => order(a, b) < 0],
  ['<=', (a, b) => order(a, b) <= 0],
  ['>', (a, b) => order(a, b) > 0],
  ['>=', (a, b) => order(a, b) >= 0],
]);

/** NaN where the two cannot be ordered, which no comparison holds for. */
function order(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Compiles what stands between `?(` and `)`: comparisons of places and literals, `&&`, `||`, `!` and brackets.
 * @returns the filter, and where it ends
 * @throws Error where it is anything else; it is never run as code
 */
export function compileFilter(text: string, at: number): { filter: Filter; end: number } {
  const parser = new Parser(text, at);
  const holds = parser.either();
  return { filter: { holds, size: parser.operands }, end: parser.at };
}

class Parser {
  operands = 0;

  constructor(
    private readonly text: string,
    public at: number,
  ) {}

  either(): Test {
    let left = this.#both();
    while (this.#take(/\s*\|\|/y) !== undefined) {
      const [before, after] = [left, this.#both()];
      left = (item, root) => before(item, root) || after(item, root);
    }
    return left;
  }

  #both(): Test {
    let left = this.#one();
    while (this.#take(/\s*&&/y) !== undefined) {
      const [before, after] = [left, this.#one()];
      left = (item, root) => before(item, root) && after(item, root);
    }
    return left;
  }

  #one(): Test {
    if (this.#take(/\s*!(?!=)/y) !== undefined) {
      const inner = this.#one();
      return (item, root) => !inner(item, root);
    }
    if (this.#take(/\s*\(/y) !== undefined) {
      const inner = this.either();
      if (this.#take(/\s*\)/y) === undefined) throw this.#unreadable();
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Test {
    const left = this.#operand();
    const compare = COMPARISONS.get(this.#take(/\s*(?:[=!<>]=|[<>])/y)?.trim() ?? '');
    if (!compare) return (item, root) => left(item, root) !== undefined;
    const right = this.#operand();
    return (item, root) => compare(left(item, root), right(item, root));
  }

  #operand(): Operand {
    this.operands++;
    this.#take(/\s*/y);
    const quoted = this.#take(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y);
    if (quoted !== undefined) return constant(quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
    const literal = this.#take(/-?\d+(?:\.\d+)?|true\b|false\b|null\b/y);
    if (literal !== undefined) return constant(JSON.parse(literal) as Json);
    const start = this.#take(/[@$]/y);
    if (start !== undefined) return this.#path(start);
    // Published machines compare with a bare word. It is no value, so nothing is equal to it.
    if (this.#take(/[\p{L}_][\p{L}\p{N}_-]*/uy) !== undefined) return () => undefined;
    throw this.#unreadable();
  }

  #path(start: string): Operand {
    const { steps, end } = readSteps(this.text, this.at);
    this.at = end;
    const names = steps.map(nameOf);
    return (item, root) => walk(start === '@' ? item : root, names);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.at = pattern.lastIndex;
    return match[0];
  }

  #unreadable(): Error {
    return new Error(`the filter cannot be read from '${this.text.slice(this.at, this.at + 40)}' on`);
  }
}

/** A path in a filter leads to one place. */
function nameOf(step: Step): string | number {
  const [name, ...names] = step.kind === 'names' ? step.names : step.kind === 'indexes' ? step.indexes : [];
  if (name === undefined || names.length > 0) throw new Error(`a filter cannot hold ${step.shown}`);
  return name;
}

const constant =
  (value: Json): Operand =>
  () =>
    value;

function walk(from: Json, steps: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = from;
  for (const step of steps) {
    if (typeof step === 'number') at = Array.isArray(at) ? at.at(step) : undefined;
    else at = isObject(at) ? getOwn(at, step) : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}
