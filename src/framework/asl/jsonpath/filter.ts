import { equalJson, isObject, type Json } from '../values/json.js';
import { compilePattern, type Pattern } from './pattern.js';
import {
  type Filter,
  isDefinite,
  NotHere,
  type Place,
  readingOf,
  type PathStep,
  type Visits,
} from './steps.js';
import type { Scanner } from '../values/scanner.js';

/** Returns the value of one side of a comparison. Returns undefined if that side is a path that leads to no value. */
type Operand = (place: Place) => Json | undefined;

type Value = Json | undefined;
type Comparison = (a: Value, b: Value, visits: Visits) => boolean;

/**
 * The operators that compare two values, as in Jayway JsonPath: `==` takes a number and a string with the same number
 * for equal, and `===` doesn't.
 */
const COMPARISONS = new Map<string, Comparison>([
  ['==', equal],
  ['!=', (a, b, visits) => !equal(a, b, visits)],
  ['===', (a, b, visits) => typeof a === typeof b && equal(a, b, visits)],
  ['!==', (a, b, visits) => typeof a !== typeof b || !equal(a, b, visits)],
  ['<', (a, b) => order(a, b) < 0],
  ['<=', (a, b) => order(a, b) <= 0],
  ['>', (a, b) => order(a, b) > 0],
  ['>=', (a, b) => order(a, b) >= 0],
  ['in', isIn],
  ['nin', (a, b, visits) => !isIn(a, b, visits)],
  ['subsetof', lists((a, b, visits) => a.every((each) => isIn(each, b, visits)))],
  ['anyof', lists((a, b, visits) => a.some((each) => isIn(each, b, visits)))],
  ['noneof', lists((a, b, visits) => !a.some((each) => isIn(each, b, visits)))],
  ['contains', contains],
  ['size', (a, b) => typeof b === 'number' && lengthOf(a) === Math.trunc(b)],
  ['empty', (a, b, visits) => typeof b === 'boolean' && isEmpty(a, visits) === b],
]);

/** The operators of Jayway that the local service doesn't have. Text in a path can't give them a right side. */
const WORDS_NOT_HERE: ReadonlySet<string> = new Set(['all', 'type', 'matches']);

function equal(a: Value, b: Value, visits: Visits): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a === 'number' && typeof b === 'string') {
    visits.add(b.length >> 2);
    return b.trim() !== '' && Number(b) === a;
  }
  if (typeof a === 'string' && typeof b === 'number') return a === String(b);
  return equalJson(a, b, visits);
}

/**
 * Compares two numbers, or two strings. Returns a negative number, 0 or a positive one; NaN for any other pair, so
 * that `<`, `<=`, `>` and `>=` are false.
 */
function order(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isIn(value: Value, list: Value, visits: Visits): boolean {
  if (!Array.isArray(list)) return false;
  visits.add(1 + list.length);
  return list.some((each) => equal(value, each, visits));
}

function lists(compare: (a: Json[], b: Json[], visits: Visits) => boolean): Comparison {
  return (a, b, visits) => Array.isArray(a) && Array.isArray(b) && compare(a, b, visits);
}

function contains(value: Value, part: Value, visits: Visits): boolean {
  if (typeof value !== 'string') return isIn(part, value, visits);
  visits.add(value.length >> 2);
  return typeof part === 'string' && value.includes(part);
}

function lengthOf(value: Value): number | undefined {
  return typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
}

function isEmpty(value: Value, visits: Visits): boolean | undefined {
  if (isObject(value)) return equalJson(value, {}, visits);
  const length = lengthOf(value);
  return length === undefined ? undefined : length === 0;
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Returns true for a path that leads to a value. A path that can lead to many must lead to one at least. */
function exists({ value: operand, many = false }: Side): Filter {
  return (place) => {
    place.visits.add(1);
    const value = operand(place);
    return value !== undefined && (!many || (Array.isArray(value) && value.length > 0));
  };
}

/** One side of a comparison: a path or a literal, or a regular expression. */
interface Side {
  readonly value: Operand;
  readonly literal?: Json;
  readonly pattern?: Pattern;
  /** True for a path that can lead to many values. */
  readonly many?: boolean;
}

const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y;
const LITERAL = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true\b|false\b|null\b/y;

/** The operators whose right side is a list. */
const LISTED: ReadonlySet<string> = new Set(['in', 'nin', 'subsetof', 'anyof', 'noneof']);

/** The operator `=~`. As in Jayway, the whole text must match, or one text of a list. */
function match(left: Side, right: Side): Filter {
  const [pattern, operand] = right.pattern ? [right.pattern, left.value] : [left.pattern, right.value];
  if (!pattern) throw new Error("one side of '=~' in a filter is a regular expression, such as /a.*/");
  return (place) => {
    place.visits.add(1);
    const value = operand(place);
    const texts = Array.isArray(value) ? value : [value];
    return texts.some((each) => pattern(textOf(each)));
  };
}

/**
 * Parses the filter between `?(` and `)`, as Jayway JsonPath does. It may consist of comparisons of paths and literals,
 * `&&`, `||`, `!` and brackets; anything else is rejected. No part of a filter is ever run as code.
 */
export class FilterReader {
  constructor(
    private readonly scanner: Scanner,
    private readonly readSteps: (scanner: Scanner) => PathStep[],
  ) {}

  /** @throws Error if the text isn't a filter; NotHere if it uses a feature that the local service doesn't have */
  filter(): Filter {
    let left = this.#both();
    while (this.scanner.take(/\s*\|\|/y) !== undefined) {
      const [before, after] = [left, this.#both()];
      left = (place) => before(place) || after(place);
    }
    return left;
  }

  #both(): Filter {
    let left = this.#one();
    while (this.scanner.take(/\s*&&/y) !== undefined) {
      const [before, after] = [left, this.#one()];
      left = (place) => before(place) && after(place);
    }
    return left;
  }

  #one(): Filter {
    if (this.scanner.take(/\s*!(?!=)/y) !== undefined) {
      const inner = this.#one();
      return (place) => {
        place.visits.add(1);
        return !inner(place);
      };
    }
    if (this.scanner.take(/\s*\(/y) === undefined) return this.#comparison();
    const inner = this.filter();
    if (this.scanner.take(/\s*\)/y) === undefined) this.#fail();
    return inner;
  }

  #comparison(): Filter {
    const left = this.#side();
    const operator = this.#operator();
    if (operator === undefined) return exists(left);
    const right = this.#side();
    if (operator === '=~') return match(left, right);
    if (LISTED.has(operator) && right.literal !== undefined && !Array.isArray(right.literal))
      throw new Error(`the right side of '${operator}' in a filter is a list or a path`);
    const compare = COMPARISONS.get(operator) ?? this.#fail();
    return (place) => {
      place.visits.add(1);
      return compare(left.value(place), right.value(place), place.visits);
    };
  }

  #operator(): string | undefined {
    const sign = this.scanner.take(/\s*(?:[=!]==?|=~|[<>]=?)/y)?.trim();
    if (sign !== undefined) return sign;
    const word = this.scanner.take(/\s+[A-Za-z]+\b/y)?.trim();
    const name = word?.toLowerCase();
    if (name === undefined || COMPARISONS.has(name)) return name;
    if (WORDS_NOT_HERE.has(name)) throw new NotHere(`the operator '${word}' of filters`);
    throw new Error(`a filter has no operator '${word}'`);
  }

  #side(): Side {
    this.scanner.take(/\s*/y);
    if (this.scanner.text[this.scanner.at] === '/') return this.#pattern();
    const start = this.scanner.take(/[@$]/y);
    if (start !== undefined) {
      const steps = this.readSteps(this.scanner);
      const read = readingOf(steps);
      const value: Operand = ({ item, root, visits }) => read(start === '@' ? item : root, visits);
      return { value, many: !isDefinite(steps) };
    }
    const literal = this.#literal();
    if (literal !== undefined) return { value: () => literal, literal };
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
