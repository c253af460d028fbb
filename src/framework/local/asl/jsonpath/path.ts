import { JSONPath } from 'jsonpath-plus';
import { compileFilter, type Filter } from './filter.js';
import { isObject, type Json } from '../values/json.js';

/** A JSONPath, compiled. */
export interface Path {
  readonly text: string;
  /** The text with every step in brackets, as messages of the service have it. */
  readonly normal: string;
  /** Whether it can only ever name one place. Such a path gives what stands there; any other gives a list. */
  readonly definite: boolean;
  /** What it finds in `root`; undefined where a definite path leads nowhere. */
  read(root: Json): Json | undefined;
}

interface Hit {
  value: Json;
  parent: Json | null;
  parentProperty: string | number | null;
}

const NAME = String.raw`[^\s.\[\]()'"?*@,:^~\x60$]+`;
const QUOTED = String.raw`(?:'[^']*'|"[^"]*")`;
const SEGMENT = new RegExp(
  String.raw`\.\.?(?:\*|${NAME})|(?:\.\.)?\[\s*(?:\*|${QUOTED}(?:\s*,\s*${QUOTED})*|-?\d+(?:\s*,\s*-?\d+)*|-?\d*:-?\d*(?::\d+)?|\?\((?:[^()'"]|'[^']*'|"[^"]*"|\((?:[^()'"]|'[^']*'|"[^"]*")*\))*\))\s*\]`,
  'y',
);
/** What the path library would take for something else, even between quotes. */
const UNREADABLE = /[,;'"^[\]]|#\d/;

/**
 * Compiles a JSONPath that starts at `$`. Nothing in it is ever run as code.
 * @throws Error where it is not a path, or uses what is not supported
 */
export function compilePath(text: string): Path {
  if (text === '$') return { text, normal: text, definite: true, read: (root) => root };
  const segments = readSegments(text);
  const definite = segments.every((segment) => segment.definite);
  const path = `$${segments.map(({ library }) => library).join('')}`;
  const normal = `$${segments.map((segment) => segment.normal).join('')}`;
  const find = (root: Json): Json[] => {
    if (typeof root !== 'object' || root === null) return [];
    const hits: Hit[] = JSONPath({ path, json: root, eval: filterBy, wrap: true, resultType: 'all' });
    return hits.filter(isPlace).map((hit) => hit.value);
  };
  return { text, normal, definite, read: definite ? (root) => find(root)[0] : find };
}

/** One step of a path: as the library is to read it, and as messages show it. */
interface Segment {
  readonly library: string;
  readonly normal: string;
  readonly definite: boolean;
}

function readSegments(text: string): Segment[] {
  if (!text.startsWith('$')) throw new Error(`a path starts with '$'`);
  const segments: Segment[] = [];
  for (let at = 1; at < text.length;) {
    SEGMENT.lastIndex = at;
    const found = SEGMENT.exec(text)?.[0];
    if (found === undefined) throw new Error(`it cannot be read from '${text.slice(at, at + 40)}' on`);
    segments.push(readSegment(found));
    at += found.length;
  }
  return segments;
}

function readSegment(text: string): Segment {
  if (text.startsWith('..')) {
    const rest = text.slice(2);
    const inner = readSegment(rest.startsWith('[') ? rest : `.${rest}`);
    const library = inner.library.startsWith('.') ? inner.library.slice(1) : inner.library;
    return { library: `..${library}`, normal: `..${inner.normal}`, definite: false };
  }
  if (text.startsWith('.')) {
    return { library: text, normal: text === '.*' ? '[*]' : `['${text.slice(1)}']`, definite: text !== '.*' };
  }
  return readBrackets(text, text.slice(1, -1).trim());
}

function readBrackets(text: string, inner: string): Segment {
  const [, filter] = /^\?\(([^]*)\)$/.exec(inner) ?? [];
  if (filter !== undefined) {
    compileFilter(filter);
    return { library: `[${inner}]`, normal: text, definite: false };
  }
  if (/^['"]/.test(inner)) return readNames(text, inner.match(new RegExp(QUOTED, 'g')) ?? []);
  const [, back] = /^-(\d+)$/.exec(inner) ?? [];
  if (back !== undefined) return { library: fromEnd(Number(back)), normal: `[${inner}]`, definite: true };
  return { library: `[${inner}]`, normal: `[${inner}]`, definite: /^\d+$/.test(inner) };
}

function readNames(text: string, quoted: readonly string[]): Segment {
  const names = quoted.map((each) => each.slice(1, -1));
  const [name = ''] = names;
  if (names.length > 1) {
    if (!names.every((each) => /^[\w-]+$/.test(each)))
      throw new Error(`names are listed that cannot be: ${text}`);
    return { library: `[${names.join(',')}]`, normal: text, definite: false };
  }
  if (name === '' || UNREADABLE.test(name)) throw new Error(`the name ${text} cannot be read here`);
  // The backtick has the library take the name as it stands.
  return { library: `['\`${name}']`, normal: `['${name}']`, definite: true };
}

/** `[-2]` as a slice of one, which is how the library knows it. */
function fromEnd(back: number): string {
  return back > 1 ? `[-${back}:-${back - 1}]` : `[-${back}:]`;
}

interface FilterContext {
  readonly _$_v: Json;
  readonly _$_root: Json;
}

/** Decides a filter for the library, which would else run it as code. */
function filterBy(text: string, context: object): boolean {
  const { _$_v: item, _$_root: root } = context as FilterContext;
  let filter = filters.get(text);
  if (!filter) {
    if (filters.size >= FILTERS_KEPT) filters.clear();
    filters.set(text, (filter = compileFilter(text)));
  }
  return filter(item, root);
}

const FILTERS_KEPT = 1_000;
const filters = new Map<string, Filter>();

/** The library also finds the `length` of strings and arrays, which the states language does not. */
function isPlace({ parent, parentProperty }: Hit): boolean {
  if (Array.isArray(parent)) return /^\d+$/.test(String(parentProperty));
  return isObject(parent);
}

/**
 * The steps of a reference path, which names one place to write to: `$.a['b'][0]` is `['a', 'b', 0]`.
 * @throws Error where the path could name more than one place
 */
export function referenceSteps(text: string): (string | number)[] {
  if (!compilePath(text).definite) throw new Error('a reference path names one place only');
  const steps: (string | number)[] = [];
  for (const [, name, quoted, index] of text.matchAll(STEP)) {
    steps.push(index === undefined ? (name ?? quoted?.slice(1, -1) ?? '') : Number(index));
  }
  return steps;
}

const STEP = new RegExp(String.raw`\.(${NAME})|\[\s*(?:(${QUOTED})|(-?\d+))\s*\]`, 'g');
