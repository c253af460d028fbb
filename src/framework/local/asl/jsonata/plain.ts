import type jsonata from 'jsonata';

/** Functions that take no longer than it takes to look at their arguments once. */
const QUICK = new Set(
  'abs average boolean ceil contains count exists floor hash keys length lookup lowercase max merge millis min not now number power random round sqrt string substring substringAfter substringBefore sum trim type uppercase uuid'.split(
    ' ',
  ),
);

/** A longer one may hold the same large value so often that its text is too large. */
const LONGEST = 500;

interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly [key: string]: unknown;
}

/** The kinds of node that look at their operands once, whatever these are. */
const ONCE = new Set([
  'path',
  'name',
  'string',
  'number',
  'value',
  'variable',
  'binary',
  'unary',
  'condition',
  'function',
]);
/** What may stand where a list has it evaluated for each of its items. */
const FOR_EACH = new Set(['path', 'name', 'string', 'number', 'value', 'variable', 'binary', 'condition']);

/**
 * Whether an expression can only take as long as it takes to look at what it can see once: it has no function of its
 * own, no recursion, no range, no list in a list. Most expressions of state machines are so, and need no watching.
 */
export function isPlain(expression: jsonata.Expression, source: string): boolean {
  return source.length <= LONGEST && isOnce(expression.ast());
}

function isOnce(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isOnce);
  if (typeof value !== 'object' || value === null) return true;
  const node = value as Node;
  if (node.type !== undefined && !ONCE.has(node.type)) return false;
  if (node.type === 'binary' && (node.value === '..' || node.value === 'in')) return false;
  if (node.type === 'function' && !isQuick(node)) return false;
  if (node['group'] !== undefined || node['ancestor'] !== undefined || node['tuple'] !== undefined)
    return false;
  return Object.entries(node).every(([key, inner]) => partOf(node, key, inner));
}

function partOf(node: Node, key: string, inner: unknown): boolean {
  if (key === 'predicate' || key === 'stages') return isForEach(inner);
  if (key === 'steps' && Array.isArray(inner)) return inner.every(isStep);
  if (node.type === 'function' && key === 'procedure') return true;
  return isOnce(inner);
}

/** A step of a path is taken for each item of the step before. */
function isStep(step: unknown): boolean {
  const { type, predicate, stages } = step as Node;
  return (
    (type === 'name' || type === 'variable' || type === 'string') && isForEach(predicate) && isForEach(stages)
  );
}

/** Nothing in it may look at more than the item. */
function isForEach(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isForEach);
  if (typeof value !== 'object' || value === null) return true;
  const node = value as Node;
  if (node.type === 'variable' && node.value !== '') return false;
  if (node.type === 'binary' && (node.value === '..' || node.value === 'in')) return false;
  // A filter around what is to be evaluated.
  if (node.type === 'filter') return isForEach(node['expr']);
  if (node.type !== undefined && !FOR_EACH.has(node.type)) return false;
  if (node['predicate'] !== undefined || node['stages'] !== undefined || node['group'] !== undefined)
    return false;
  return Object.values(node).every(isForEach);
}

function isQuick(node: Node): boolean {
  const procedure = node['procedure'] as Node | undefined;
  return node.value === '(' && procedure?.type === 'variable' && QUICK.has(String(procedure.value));
}
