/** A syntax node of the library, with those of its members that contain other nodes. */
interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly index?: unknown;
  readonly focus?: unknown;
  readonly steps?: readonly Node[];
  readonly expressions?: readonly Node[];
  readonly arguments?: readonly Node[];
  readonly lhs?: Node | readonly (readonly Node[])[];
  readonly [member: string]: unknown;
}

/**
 * What an expression refers to although it isn't defined: fields at the top level, since an expression of Step
 * Functions has no input, and `$$`. `$states.errorOutput` is defined only in a Catch.
 */
export interface References {
  /** The names of the fields at the top level, in the order in which they are written. `$` is the input itself. */
  readonly names: readonly string[];
  readonly root: boolean;
  readonly errorOutput: boolean;
}

/**
 * Returns what an expression refers to at its top level, which is the first step of any path in it. Later steps,
 * predicates, orders and groupings are ignored. Measured at the live service.
 */
export function referencesIn(ast: object): References {
  const search = new Search();
  search.visit(ast);
  return { names: [...search.names], root: search.root, errorOutput: search.errorOutput };
}

/** For each type of node, the members that are evaluated at the top level. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  binary: ['lhs', 'rhs'],
  unary: ['expression', 'expressions', 'lhs'],
  condition: ['condition', 'then', 'else'],
  block: ['expressions'],
  bind: ['rhs'],
  function: ['procedure', 'arguments'],
  partial: ['procedure', 'arguments'],
  lambda: ['body'],
  apply: ['lhs', 'rhs'],
  transform: ['pattern', 'update', 'delete'],
};

class Search {
  readonly names = new Set<string>();
  root = false;
  errorOutput = false;

  visit(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const each of node as unknown[]) this.visit(each);
      return;
    }
    const { type = '', value, steps = [] } = node as Node;
    if (type === 'path') this.#path(steps);
    else if (type === 'variable') this.#variable(node as Node);
    else if (type === 'name') this.names.add(String(value));
    else for (const member of MEMBERS[type] ?? []) this.visit((node as Node)[member]);
  }

  #path([first, second]: readonly Node[]): void {
    if (!first) return;
    if (first.type === 'variable' && first.value === 'states' && second?.value === 'errorOutput')
      this.errorOutput = true;
    // The suite of jsonata-js has as many refused expressions as the live service if the input is let through if
    // it is bound to a name (`$#$at`).
    const isBound = first.index !== undefined || first.focus !== undefined;
    if (first.type !== 'variable' || first.value !== '' || !isBound) this.visit(first);
  }

  #variable({ value }: Node): void {
    if (value === '') this.names.add('$');
    else if (value === '$') this.root = true;
  }
}
