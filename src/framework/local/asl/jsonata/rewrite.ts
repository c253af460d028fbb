import type jsonata from 'jsonata';

/**
 * The names of two functions that are called only by expressions that `rewrite` has changed. Nobody can write such a
 * name in an expression, since it contains a NUL character.
 */
export const RANGE = '\u0000range';
export const MEMBER = '\u0000member';

interface Node {
  [key: string]: unknown;
  type?: string;
  value?: unknown;
}

/** The names of the properties that every JavaScript object inherits, such as `constructor`. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Returns false if an expression certainly contains nothing that `rewrite` changes. An expression with a backslash
 * always returns true, since an escape sequence may hide a name.
 */
export function mayNeedRewriting(source: string): boolean {
  return source.includes('..') || source.includes('$lookup') || source.includes('\\') || SUSPECT.test(source);
}

const SUSPECT = new RegExp([...INHERITED].join('|'));

/**
 * Changes two things in a parsed expression that the library allows but that aren't safe. `..` could create a list of
 * any length: it becomes a call of our function RANGE. A name such as `constructor` would reach JavaScript's own
 * objects: it becomes a call of our function MEMBER.
 */
export function rewrite(expression: jsonata.Expression): void {
  visit(expression.ast(), new Set());
}

function visit(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || value instanceof RegExp || seen.has(value)) return;
  seen.add(value);
  for (const inner of Object.values(value)) visit(inner, seen);
  if (!Array.isArray(value)) change(value as Node);
}

function change(node: Node): void {
  if (node.type === 'binary' && node.value === '..') call(node, RANGE, [node['lhs'], node['rhs']]);
  else if (node.type === 'name' && INHERITED.has(String(node.value))) {
    call(node, MEMBER, [
      { type: 'variable', value: '' },
      { type: 'string', value: node.value },
    ]);
  }
}

function call(node: Node, name: string, args: unknown[]): void {
  node.type = 'function';
  node.value = '(';
  node['procedure'] = { type: 'variable', value: name };
  node['arguments'] = args;
}
