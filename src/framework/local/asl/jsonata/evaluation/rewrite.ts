import type jsonata from 'jsonata';
import { JOINED } from './guard.js';

/**
 * The names of functions that are called only by expressions that `rewrite` has changed. Nobody can write such a name in
 * an expression, since it contains a NUL character.
 */
export const MEMBER = '\u0000member';
export const FIRST = '\u0000first';

interface Node {
  [key: string]: unknown;
  type?: string;
  value?: unknown;
}

/** The names of the properties that every JavaScript object inherits, such as `constructor`. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Turns names in a parsed expression that would reach JavaScript's own objects into calls of our function MEMBER, and the
 * first number of a range into one of FIRST. Lists the steps of paths in JOINED.
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

const called = (name: string, ...given: unknown[]): Node => ({
  ...{ type: 'function', value: '(', arguments: given },
  procedure: { type: 'variable', value: name },
});

function change(node: Node): void {
  if (Array.isArray(node['steps'])) for (const step of node['steps'] as object[]) JOINED.set(step, 0);
  if (node.type === 'binary' && node.value === '..') node['lhs'] = called(FIRST, node['lhs']);
  if (node.type !== 'name' || !INHERITED.has(String(node.value))) return;
  Object.assign(node, called(MEMBER, { type: 'variable', value: '' }, { type: 'string', value: node.value }));
}
