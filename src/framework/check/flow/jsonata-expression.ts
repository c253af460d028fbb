import jsonata from 'jsonata';
import { BOOLEAN, ListOf, NUMBER, type Shape, TEXT, UNKNOWN } from './shape.js';

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
interface Filter {
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

const of = (shape: Shape, names: string): [string, Shape][] =>
  names.split(/\s+/).map((name) => [name, shape]);

/** The functions of JSONata 2.0.6 and those that Step Functions adds, with the types of their results. */
export const FUNCTIONS: ReadonlyMap<string, Shape> = new Map([
  ...of(
    TEXT,
    `string substring substringBefore substringAfter lowercase uppercase trim pad join replace now fromMillis
    formatNumber formatBase formatInteger base64encode base64decode type uuid hash encodeUrl encodeUrlComponent
    decodeUrl decodeUrlComponent`,
  ),
  ...of(NUMBER, 'number length sum max min average count power sqrt abs floor ceil round random millis'),
  ...of(NUMBER, 'toMillis parseInteger'),
  ...of(BOOLEAN, 'boolean not exists contains'),
  ...of(new ListOf(TEXT), 'split'),
  ...of(
    UNKNOWN,
    `append assert clone distinct each error filter keys lookup map match merge parse partition range reduce reverse
    shuffle sift single sort spread zip`,
  ),
]);

/** The functions that call a function with each item of a list. */
export const OF_ITEMS: ReadonlySet<unknown> = new Set(['map', 'filter', 'single']);

/** The functions that may have a result even if their first argument has no value. */
export const LENIENT: ReadonlySet<unknown> = new Set(['append', 'count', 'exists', 'now', 'random', 'zip']);

export const OPERATORS: ReadonlyMap<unknown, Shape> = new Map([
  ...of(TEXT, '&'),
  ...of(NUMBER, '+ - * / %'),
  ...of(BOOLEAN, '= != < <= > >= and or in'),
]);

/** The operators that have no value if one of their sides has none. */
export const STRICT: ReadonlySet<unknown> = new Set(['+', '-', '*', '/', '%', '<', '<=', '>', '>=']);

/** The variables of a part of an expression. It can also read those of the scope around it. */
export class Scope {
  readonly #values: Map<string, Shape>;
  /**
   * The names that this scope binds, or binds again, from here on. A function reads a variable when it is called, and may
   * be called after that: to itself, to a function that is written below it, and to both values of a variable.
   */
  unsettled: ReadonlySet<string> = new Set();

  /** @param isFunction true for the body of a function, whose own variables are the arguments */
  constructor(
    own: readonly (readonly [name: string, value: Shape])[],
    private readonly around?: Scope,
    private readonly isFunction = false,
  ) {
    this.#values = new Map(own);
  }

  /**
   * Returns what is known of a variable; undefined if there is none of this name.
   * @param isLater true for a read in a function that is written in this scope
   */
  get(name: string, isLater = false): Shape | undefined {
    if (isLater && this.unsettled.has(name)) return UNKNOWN;
    if (this.#values.has(name)) return this.#values.get(name);
    return this.around?.get(name, isLater || this.isFunction);
  }

  /** Binds a variable in this scope. */
  set(name: string, value: Shape): void {
    this.#values.set(name, value);
  }

  /** Returns the names of all variables that can be read. */
  names(): string[] {
    return [...this.#values.keys(), ...(this.around?.names() ?? [])];
  }
}
