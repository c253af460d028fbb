import { JSONPath } from 'jsonpath-plus';
import { isObject, type Json } from './json.js';

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
  String.raw`\.\.?(?:\*|${NAME})|(?:\.\.)?\[\s*(?:\*|${QUOTED}(?:\s*,\s*${QUOTED})*|-?\d+(?:\s*,\s*-?\d+)*|-?\d*:-?\d*(?::\d+)?)\s*\]`,
  'y',
);
const MANY = /\.\.|\*|,|:/;

/**
 * Compiles a JSONPath that starts at `$`. Nothing in it is ever run as code.
 * @throws Error where it is not a path, or uses what is not supported
 */
export function compilePath(text: string): Path {
  if (text === '$') return { text, normal: text, definite: true, read: (root) => root };
  const definite = checkSyntax(text);
  const path = text.replaceAll(/\[\s*(-\d+)\s*\]/g, '[$1:]');
  const find = (root: Json): Json[] => {
    if (typeof root !== 'object' || root === null) return [];
    const hits: Hit[] = JSONPath({ path, json: root, eval: false, wrap: true, resultType: 'all' });
    return hits.filter(isPlace).map((hit) => hit.value);
  };
  const normal = JSONPath.toPathString(JSONPath.toPathArray(text));
  return { text, normal, definite, read: definite ? (root) => find(root)[0] : find };
}

/** The library also finds the `length` of strings and arrays, which the states language does not. */
function isPlace({ parent, parentProperty }: Hit): boolean {
  if (Array.isArray(parent)) return /^\d+$/.test(String(parentProperty));
  return isObject(parent);
}

function checkSyntax(text: string): boolean {
  if (!text.startsWith('$')) throw new Error(`a path starts with '$'`);
  let definite = true;
  let at = 1;
  while (at < text.length) {
    SEGMENT.lastIndex = at;
    const segment = SEGMENT.exec(text)?.[0];
    if (segment === undefined) throw new Error(`it cannot be read from '${text.slice(at, at + 40)}' on`);
    if (MANY.test(segment.replaceAll(/'[^']*'|"[^"]*"/g, 'q'))) definite = false;
    at += segment.length;
  }
  return definite;
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
