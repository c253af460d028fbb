/**
 * The most bytes in one value. A character counts as one byte; a number, a list and an object as eight. Seen at the
 * live service: a range of 873,782 numbers and a string of 4,194,304 characters are accepted.
 */
export const MOST_BYTES = 6_990_256;

/**
 * The messages about an expression that exceeds a limit. Those for memory and nesting are the live service's; the one
 * for time is that of the JSONata library.
 */
export const LIMIT_TEXTS = {
  time: 'Expression evaluation timeout: Check for infinite loop',
  size: 'Expression evaluation memory limit exceeded: Check for excessive memory usage',
  depth:
    'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
} as const;

/** Thrown when an evaluation exceeds one of its limits. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';

  constructor(what: keyof typeof LIMIT_TEXTS) {
    super(LIMIT_TEXTS[what]);
  }
}

/**
 * The deepest nesting of steps in an evaluation. Seen at the live service: a sum of 100 terms is accepted, one of 101
 * is rejected. Brackets and function calls have the same limit.
 */
const MAX_DEPTH = 100;

/**
 * A node of the syntax tree that the JSONata library has parsed. We add `depth`, which counts from the start of the
 * function in which the node is written.
 */
interface Node {
  type?: string;
  depth?: number;
  readonly thunk?: boolean;
  readonly body?: unknown;
  readonly rhs?: unknown;
}

/**
 * A function that is defined in a JSONata expression. `environment.base` is the depth at which this copy of the
 * function was called.
 */
interface Lambda {
  readonly _jsonata_lambda?: true;
  readonly environment: { readonly base?: number };
  readonly body: Node;
}

/**
 * Measures how deeply an evaluation is nested: the depth at which the function that contains a step was called, plus
 * the step's depth in that function. Steps can't be counted as they begin and end, since the library evaluates
 * siblings at the same time.
 */
export interface Depths {
  /** Called before each step. `base` is the depth at which the function that contains the step was called. */
  entering(base: number): void;
  /**
   * Called with the value of each variable that is read. A function is replaced by a copy that remembers the depth at
   * which it is called. Any other value is returned unchanged.
   */
  called(value: unknown): unknown;
}

/** Types of syntax node that the library evaluates as a part of another node, so that they aren't counted as steps. */
const NO_STEPS = new Set(['filter', 'index', 'sort', 'operator']);

/**
 * Returns an object that measures the nesting while this syntax tree is evaluated. Returns undefined if no evaluation
 * of the tree can exceed MAX_DEPTH.
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

/**
 * Returns a copy of a function that is about to be called from a step at this depth. The copy's first step gets the
 * same depth as the calling step.
 */
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
 * Sets `depth` in a node and in all nodes inside it, and collects the nodes that are steps in `nodes`.
 * @param root the depth of the first step of the function in which the node is written
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
