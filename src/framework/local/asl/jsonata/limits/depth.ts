import { LimitReached } from './guard.js';

/**
 * The deepest nesting of an evaluation. Seen at the live service: a sum of a hundred terms is accepted and a sum of 101
 * is rejected. The same is true of brackets and of calls.
 */
const MAX_DEPTH = 100;

/** A syntax node of the library. `depth` is its nesting inside the function in which it is written. */
interface Node {
  type?: string;
  depth?: number;
  readonly thunk?: boolean;
  readonly body?: unknown;
  readonly rhs?: unknown;
}

/** A function that an expression defines. */
interface Lambda {
  readonly _jsonata_lambda?: true;
  readonly environment: { readonly base?: number };
  readonly body: Node;
}

/**
 * Finds out how deeply an evaluation is nested. Counting the library's entries and exits would be wrong, since the
 * library evaluates neighbouring branches at the same time. Instead, the depth of a step is the depth of the call of
 * its function, plus the step's own depth inside that function.
 */
export interface Depths {
  /** Called before each step. `base` is the depth at which the step's function was called. */
  entering(base: number): void;
  /**
   * Returns the value of a variable. If it is a function, returns a copy that knows the depth at which it is called.
   */
  called(value: unknown): unknown;
}

/** Types of syntax node that are not steps of their own. */
const NO_STEPS = new Set(['filter', 'index', 'sort', 'operator']);

/**
 * Returns an object that measures the nesting of an expression. Returns undefined if the expression can't be nested too
 * deeply.
 */
export function depthsOf(ast: object): Depths | undefined {
  const nodes: Node[] = [];
  const marked = mark(ast, 1, 1, nodes, new Set());
  if (marked.deepest <= MAX_DEPTH && !marked.hasFunctions) return undefined;
  let base: number | undefined;
  let current = 0;
  for (const node of nodes) {
    const { type, depth = 1 } = node;
    Object.defineProperty(node, 'type', {
      enumerable: true,
      // When the library enters a node, it first reads the node's type. It also reads the type elsewhere, which must
      // not be counted.
      get: () => {
        if (base === undefined) return type;
        current = base + depth;
        base = undefined;
        if (current > MAX_DEPTH) throw new LimitReached('depth');
        return type;
      },
    });
  }
  return {
    entering: (from) => void (base = from),
    called: (value) => (isLambda(value) ? calledAt(value, current) : value),
  };
}

function isLambda(value: unknown): value is Lambda {
  return typeof value === 'object' && value !== null && '_jsonata_lambda' in value;
}

/** Returns a copy of a function for a call from a step of this depth. The function's first step has the same depth. */
function calledAt(lambda: Lambda, depth: number): Lambda {
  const base = depth - (lambda.body.depth ?? 1);
  const environment = Object.create(lambda.environment, { base: { value: base } }) as Lambda['environment'];
  return { ...lambda, environment };
}

interface Marked {
  readonly deepest: number;
  readonly hasFunctions: boolean;
}

/**
 * Sets the depth of a node and of all nodes inside it.
 * @param root the depth of the first step of the function to which the node belongs
 */
function mark(value: unknown, depth: number, root: number, nodes: Node[], seen: Set<unknown>): Marked {
  let marked: Marked = { deepest: depth, hasFunctions: false };
  if (typeof value !== 'object' || value === null || value instanceof RegExp || seen.has(value))
    return marked;
  // No evaluation gets that deep.
  if (depth > 2 * MAX_DEPTH) return marked;
  seen.add(value);
  const node = value as Node;
  const isStep = !Array.isArray(value) && typeof node.type === 'string' && !NO_STEPS.has(node.type);
  if (isStep) {
    node.depth = depth;
    nodes.push(node);
  }
  const isLambdaNode = isStep && node.type === 'lambda';
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'depth' || key === 'position' || key === 'ancestor' || key === 'slot') continue;
    const at = depthInside(node, key, depth, root, isStep);
    // The library makes a call at the end of a function (a tail call) from the function's caller, so the depth
    // doesn't grow.
    const innerRoot = isLambdaNode && node.thunk !== true ? depth : root;
    const found = mark(inner, at, innerRoot, nodes, seen);
    marked = {
      deepest: Math.max(marked.deepest, found.deepest),
      hasFunctions: marked.hasFunctions || found.hasFunctions,
    };
  }
  return isLambdaNode ? { ...marked, hasFunctions: true } : marked;
}

function depthInside(node: Node, key: string, depth: number, root: number, isStep: boolean): number {
  if (!isStep) return depth;
  if (node.type === 'lambda') return key === 'body' && node.thunk === true ? root - 1 : depth;
  // In `value ~> $call(…)`, the operator itself makes the call.
  if (node.type === 'apply' && key === 'rhs' && (node.rhs as Node | undefined)?.type === 'function')
    return depth;
  return depth + 1;
}
