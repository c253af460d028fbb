import jsonata from 'jsonata';

/** A node of a parsed expression, as the JSONata library makes it. */
export interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly expressions?: readonly Node[];
  readonly expression?: Node;
  readonly arguments?: readonly Node[];
  readonly procedure?: Node;
  readonly body?: Node;
  /** The pairs of an object, or the left side of an operator. */
  readonly lhs?: Node & readonly (readonly [Node, Node])[];
  readonly rhs?: Node;
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
  /** The filters of a step. */
  readonly predicate?: readonly Filter[];
  readonly stages?: readonly Filter[];
  readonly group?: { readonly lhs: readonly (readonly [Node, Node])[] };
  /** The names of variables that a step binds. */
  readonly focus?: string;
  readonly index?: string;
  readonly keepSingletonArray?: boolean;
  /** The terms of a sort. */
  readonly terms?: readonly { readonly expression: Node }[];
}

/** A filter, or the name of a variable that is bound to an index. */
export interface Filter {
  readonly expr?: Node;
  readonly value?: string;
}

/** Returns the root of a parsed expression; undefined if the expression has a mistake. */
export function parsed(text: string): Node | undefined {
  try {
    return jsonata(text).ast() as unknown as Node;
  } catch {
    return undefined;
  }
}

/**
 * Returns the names of the variables that a part of a parsed expression binds in the scope around it. A block and the body
 * of a function have scopes of their own.
 */
export function namesBound(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const { type, lhs } = part as Partial<Node>;
  const own = type === 'block' ? 'expressions' : type === 'lambda' ? 'body' : undefined;
  const inner = Object.entries(part).flatMap(([key, each]) => (key === own ? [] : namesBound(each)));
  return type === 'bind' ? [String(lhs?.value), ...inner] : inner;
}
