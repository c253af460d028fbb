import type jsonata from 'jsonata';

/** The names of the two functions that rewritten expressions call. An expression can't contain these names. */
export const RANGE = '\u0000range';
export const MEMBER = '\u0000member';

interface Node {
  [key: string]: unknown;
  type?: string;
  value?: unknown;
}

/** The names that every JavaScript object inherits. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Returns false if an expression contains nothing to rewrite. Returns true if it contains any escape, since a name may
 * be hidden in it.
 */
export function mayNeedRewriting(source: string): boolean {
  return source.includes('..') || source.includes('$lookup') || source.includes('\\') || SUSPECT.test(source);
}

const SUSPECT = new RegExp([...INHERITED].join('|'));

/**
 * Rewrites a parsed expression in two places at which the library is too permissive: `..` makes lists of any length,
 * and a name such as `constructor` gives access to JavaScript's own objects. Both become calls of our functions RANGE
 * and MEMBER.
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
