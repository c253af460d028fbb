import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';
import type { JsonStep } from './json-text.js';

/** One change of a JSON text: replacing a value, or adding a key or an element. */
export type JsonEdit =
  /**
   * Adds a key to an object, after the key `after`. If the object has no such key, the new key is added as the last
   * one.
   */
  | {
      readonly kind: 'add';
      readonly into: readonly JsonStep[];
      readonly key: string;
      readonly value: unknown;
      readonly after?: string;
    }
  /** Adds an element to the end of a list. */
  | { readonly kind: 'append'; readonly into: readonly JsonStep[]; readonly value: unknown }
  | { readonly kind: 'replace'; readonly at: readonly JsonStep[]; readonly value: unknown };

/**
 * Makes one change in a JSON text. The rest of the text stays exactly the same: the order of keys, the spaces, the line
 * ends. A new value is formatted as its neighbours are.
 * @returns the new text; undefined if the place to change doesn't exist.
 */
export function editJson(text: string, edit: JsonEdit): string | undefined {
  const root = parseTree(text);
  if (!root) return undefined;
  if (edit.kind === 'replace') {
    const node = nodeAt(root, edit.at);
    return (
      node && splice(text, node.offset, node.length, write(edit.value, text, indentOf(text, node.offset)))
    );
  }
  const into = nodeAt(root, edit.into);
  if (!into || into.type !== (edit.kind === 'add' ? 'object' : 'array')) return undefined;
  return insert(text, into, edit);
}

const nodeAt = (root: Node, steps: readonly JsonStep[]): Node | undefined =>
  findNodeAtLocation(root, [...steps]);

const splice = (text: string, offset: number, length: number, put: string): string =>
  text.slice(0, offset) + put + text.slice(offset + length);

function insert(text: string, into: Node, edit: Exclude<JsonEdit, { kind: 'replace' }>): string {
  const children = into.children ?? [];
  const before =
    (edit.kind === 'add' && children.find((each) => each.children?.[0]?.value === edit.after)) ||
    children.at(-1);
  const first = children[0];
  const inner = first ? text.slice(into.offset + 1, first.offset) : '';
  const onLines = inner.includes('\n');
  const indent = onLines && first ? indentOf(text, first.offset) : undefined;
  const value = write(edit.value, text, indent);
  const put = edit.kind === 'add' ? `${JSON.stringify(edit.key)}: ${value}` : value;
  if (!before) {
    const [padded, at] = [edit.kind === 'add' ? ` ${put} ` : put, into.offset + 1];
    return splice(text, at, into.length - 2, padded);
  }
  const gap = onLines ? `${lineEnd(text)}${indent ?? ''}` : ' ';
  return splice(text, before.offset + before.length, 0, `,${gap}${put}`);
}

/**
 * Returns a value as JSON text: on several lines if the value is an object or a list and its neighbours are on several
 * lines, otherwise on one line.
 */
function write(value: unknown, text: string, indent: string | undefined): string {
  if (indent === undefined) return compact(value);
  const lines = JSON.stringify(value, null, unitOf(text)).split('\n');
  return shortLists(lines.join(`${lineEnd(text)}${indent}`));
}

/** Returns a value as JSON text on one line, with a space after each comma and colon. */
function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${compact(each)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** Returns a JSON text with each list of names put on one line. */
const shortLists = (json: string): string =>
  json.replaceAll(
    /\[\s*("[^"\\]*"(?:,\s*"[^"\\]*")*)\s*\]/g,
    (_, names: string) => `[${names.replaceAll(/,\s*/g, ', ')}]`,
  );

const lineEnd = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** Returns the indent of the line at an offset. */
function indentOf(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
}

/** Returns the spaces or tabs by which each level of a JSON text is indented. @default two spaces */
const unitOf = (text: string): string => /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
