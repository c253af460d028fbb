import type { Json } from '../../values/json.js';
import {
  comparison,
  constant,
  exists,
  matching,
  valueAt,
  WORDS,
  WORDS_NOT_HERE,
  type Filter,
  type Operand,
  type Test,
} from './filter.js';
import { compilePattern, type Pattern } from './pattern.js';
import type { Scanner } from './scanner.js';
import { isDefinite } from './search.js';
import { NotHere, type Step } from './steps.js';

/** One side of a comparison: a path or a literal, or a regular expression. */
interface Side {
  readonly value: Operand;
  /** The value of a literal. */
  readonly literal?: Json;
  readonly pattern?: Pattern;
  /** True for a path that can lead to many values. */
  readonly many?: boolean;
}

const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y;
const LITERAL = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true\b|false\b|null\b/y;

/** The operators whose right side is a list. */
const LISTED: ReadonlySet<string> = new Set(['in', 'nin', 'subsetof', 'anyof', 'noneof']);

function match(left: Side, right: Side): Test {
  if (right.pattern) return matching(left.value, right.pattern);
  if (left.pattern) return matching(right.value, left.pattern);
  throw new Error("one side of '=~' in a filter is a regular expression, such as /a.*/");
}

/**
 * Parses the filter between `?(` and `)`, as Jayway JsonPath does. It may consist of comparisons of paths and literals,
 * `&&`, `||`, `!` and brackets; anything else is rejected. No part of a filter is ever run as code.
 */
export class FilterReader {
  #operands = 0;

  constructor(
    private readonly scanner: Scanner,
    private readonly readSteps: (scanner: Scanner) => Step[],
  ) {}

  /** @throws Error if the text isn't a filter; NotHere if it uses a feature that the local service doesn't have */
  filter(): Filter {
    const holds = this.#either();
    return { holds, size: this.#operands };
  }

  #either(): Test {
    let left = this.#both();
    while (this.scanner.take(/\s*\|\|/y) !== undefined) {
      const [before, after] = [left, this.#both()];
      left = (place) => before(place) || after(place);
    }
    return left;
  }

  #both(): Test {
    let left = this.#one();
    while (this.scanner.take(/\s*&&/y) !== undefined) {
      const [before, after] = [left, this.#one()];
      left = (place) => before(place) && after(place);
    }
    return left;
  }

  #one(): Test {
    if (this.scanner.take(/\s*!(?!=)/y) !== undefined) {
      const inner = this.#one();
      return (place) => !inner(place);
    }
    if (this.scanner.take(/\s*\(/y) === undefined) return this.#comparison();
    const inner = this.#either();
    if (this.scanner.take(/\s*\)/y) === undefined) this.#fail();
    return inner;
  }

  #comparison(): Test {
    const left = this.#side();
    const operator = this.#operator();
    if (operator === undefined) return exists(left.value, left.many === true);
    const right = this.#side();
    if (operator === '=~') return match(left, right);
    if (LISTED.has(operator) && right.literal !== undefined && !Array.isArray(right.literal))
      throw new Error(`the right side of '${operator}' in a filter is a list or a path`);
    return comparison(operator, left.value, right.value);
  }

  #operator(): string | undefined {
    const sign = this.scanner.take(/\s*(?:[=!]==?|=~|[<>]=?)/y)?.trim();
    if (sign !== undefined) return sign;
    const word = this.scanner.take(/\s+[A-Za-z]+\b/y)?.trim();
    const name = word?.toLowerCase();
    if (name === undefined || WORDS.has(name)) return name;
    if (WORDS_NOT_HERE.has(name)) throw new NotHere(`the operator '${word}' of filters`);
    throw new Error(`a filter has no operator '${word}'`);
  }

  #side(): Side {
    this.#operands++;
    this.scanner.take(/\s*/y);
    if (this.scanner.text[this.scanner.at] === '/') return this.#pattern();
    const start = this.scanner.take(/[@$]/y);
    if (start !== undefined) {
      const steps = this.readSteps(this.scanner);
      return { value: valueAt(start, steps), many: !isDefinite(steps) };
    }
    const literal = this.#literal();
    if (literal !== undefined) return { value: constant(literal), literal };
    // Some published state machines compare with a word that isn't quoted. Such a word has no value, so nothing is
    // equal to it.
    if (this.scanner.take(/[\p{L}_][\p{L}\p{N}_-]*/uy) !== undefined) return { value: () => undefined };
    return this.#fail();
  }

  #pattern(): Side {
    const [, source, flags = ''] = this.scanner.match(/\/((?:[^/\\]|\\.)*)\/([a-zA-Z]*)/y) ?? [];
    if (source === undefined) throw new Error('a regular expression in a filter is not closed');
    return { value: () => undefined, pattern: compilePattern(source, flags) };
  }

  #literal(): Json | undefined {
    const quoted = this.scanner.take(QUOTED);
    if (quoted !== undefined) return quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
    const literal = this.scanner.take(LITERAL);
    if (literal !== undefined) return JSON.parse(literal) as Json;
    if (this.scanner.take(/\{\s*\}/y) !== undefined) return {};
    if (this.scanner.take(/\{/y) !== undefined) throw new NotHere('objects in filters');
    return this.scanner.take(/\[/y) === undefined ? undefined : this.#list();
  }

  #list(): Json[] {
    const items: Json[] = [];
    if (this.scanner.take(/\s*\]/y) !== undefined) return items;
    do {
      this.scanner.take(/\s*/y);
      items.push(this.#literal() ?? this.#fail());
    } while (this.scanner.take(/\s*,/y) !== undefined);
    if (this.scanner.take(/\s*\]/y) === undefined) this.#fail();
    return items;
  }

  #fail(): never {
    throw new Error(`the filter cannot be read from '${this.scanner.rest}' on`);
  }
}
