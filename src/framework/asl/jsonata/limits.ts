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

  constructor(readonly what: keyof typeof LIMIT_TEXTS) {
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
  const { nodes, deepest, hasFunctions } = new Marks().visit(ast, 1, 1);
  if (deepest <= MAX_DEPTH && !hasFunctions) return undefined;
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

/** Sets `depth` in the nodes of a syntax tree. */
class Marks {
  /** The nodes that are steps. */
  readonly nodes: Node[] = [];
  deepest = 0;
  hasFunctions = false;
  readonly #seen = new Set<unknown>();

  /** @param root the depth of the first step of the function in which the node is written */
  visit(value: unknown, depth: number, root: number): this {
    this.deepest = Math.max(this.deepest, depth);
    if (typeof value !== 'object' || value === null || value instanceof RegExp) return this;
    // No evaluation gets that deep.
    if (this.#seen.has(value) || depth > 2 * MAX_DEPTH) return this;
    this.#seen.add(value);
    const node = value as Node;
    const isStep = !Array.isArray(value) && typeof node.type === 'string' && !NO_STEPS.has(node.type);
    if (isStep) {
      node.depth = depth;
      this.nodes.push(node);
    }
    const isLambdaNode = isStep && node.type === 'lambda';
    this.hasFunctions ||= isLambdaNode;
    // The library makes a call at the end of a function (a tail call) from the function's caller, so the depth
    // doesn't grow.
    const innerRoot = isLambdaNode && node.thunk !== true ? depth : root;
    for (const [key, inner] of Object.entries(value))
      if (!NO_NODES.has(key)) this.visit(inner, depthInside(node, key, depth, root, isStep), innerRoot);
    return this;
  }
}

/** The members of a node that contain no steps, or only such as stand elsewhere in the tree. */
const NO_NODES = new Set(['depth', 'position', 'ancestor', 'slot']);

function depthInside(node: Node, key: string, depth: number, root: number, isStep: boolean): number {
  if (!isStep) return depth;
  if (node.type === 'lambda') return key === 'body' && node.thunk === true ? root - 1 : depth;
  // In `value ~> $call(…)`, the operator itself makes the call.
  if (node.type === 'apply' && key === 'rhs' && (node.rhs as Node | undefined)?.type === 'function')
    return depth;
  return depth + 1;
}
