import { equalJson, getOwn, isObject, type Json } from '../values/json.js';

/** What a filter of a path, `[?(@.price < 10)]`, holds an item to. */
export type Filter = (item: Json, root: Json) => boolean;

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
 * @throws Error where it is anything else; it is never run as code
 */
export function compileFilter(text: string): Filter {
  const parser = new Parser(text);
  const filter = parser.either();
  parser.end();
  return filter;
}

class Parser {
  #at = 0;

  constructor(private readonly text: string) {}

  either(): Filter {
    let left = this.#both();
    while (this.#take(/\s*\|\|/y) !== undefined) {
      const [before, after] = [left, this.#both()];
      left = (item, root) => before(item, root) || after(item, root);
    }
    return left;
  }

  end(): void {
    if (this.#take(/\s*$/y) === undefined) throw this.#unreadable();
  }

  #both(): Filter {
    let left = this.#one();
    while (this.#take(/\s*&&/y) !== undefined) {
      const [before, after] = [left, this.#one()];
      left = (item, root) => before(item, root) && after(item, root);
    }
    return left;
  }

  #one(): Filter {
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

  #comparison(): Filter {
    const left = this.#operand();
    const compare = COMPARISONS.get(this.#take(/\s*(?:[=!<>]=|[<>])/y)?.trim() ?? '');
    if (!compare) return (item, root) => left(item, root) !== undefined;
    const right = this.#operand();
    return (item, root) => compare(left(item, root), right(item, root));
  }

  #operand(): Operand {
    this.#take(/\s*/y);
    const quoted = this.#take(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y);
    if (quoted !== undefined) return constant(quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
    const literal = this.#take(/-?\d+(?:\.\d+)?|true\b|false\b|null\b/y);
    if (literal !== undefined) return constant(JSON.parse(literal) as Json);
    // The path library has put its own names in place of `@` and `$` by the time it asks.
    const start = this.#take(/@|_\$_v\b|_\$_root\b|\$/y);
    if (start === undefined) throw this.#unreadable();
    const steps = this.#steps();
    const fromItem = start === '@' || start === '_$_v';
    return (item, root) => walk(fromItem ? item : root, steps);
  }

  #steps(): (string | number)[] {
    const steps: (string | number)[] = [];
    for (;;) {
      const step = this.#take(/\.[\p{L}_][\p{L}\p{N}_-]*|\[\s*(?:'[^']*'|"[^"]*"|\d+)\s*\]/uy);
      if (step === undefined) return steps;
      const inner = step.startsWith('.') ? step.slice(1) : step.slice(1, -1).trim();
      steps.push(/^\d+$/.test(inner) ? Number(inner) : inner.replaceAll(/^['"]|['"]$/g, ''));
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #unreadable(): Error {
    return new Error(`the filter cannot be read from '${this.text.slice(this.#at, this.#at + 40)}' on`);
  }
}

const constant =
  (value: Json): Operand =>
  () =>
    value;

function walk(from: Json, steps: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = from;
  for (const step of steps) {
    if (typeof step === 'number') at = Array.isArray(at) ? at[step] : undefined;
    else at = isObject(at) ? getOwn(at, step) : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}
