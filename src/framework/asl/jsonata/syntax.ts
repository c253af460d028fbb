import type { ExitOf, ExpressionFault } from '../definition/reader.js';
import { parse } from './compiler.js';

const UNSUPPORTED = 'UNSUPPORTED_JSONATA_EXPRESSION';

/** Returns the mistakes in a JSONata expression. The texts are those of Step Functions. */
export function faultsOf(source: string): readonly ExpressionFault[] {
  try {
    return unsupported(parse(source).ast());
  } catch (error) {
    return [{ code: 'INVALID_JSONATA_EXPRESSION', text: (error as Error).message }];
  }
}

/** Returns a mistake for each reference in an expression that Step Functions doesn't support. */
function unsupported(ast: object): ExpressionFault[] {
  const { names, root, fields } = new References().visit(ast);
  const faults: ExpressionFault[] = [...names].map((name) => ({
    code: UNSUPPORTED,
    text: `Reference to '${name}' at the top level is not supported.`,
  }));
  if (root) faults.push({ code: UNSUPPORTED, text: "Reference to '$$' is not supported." });
  for (const [field, allowedIn] of FIELDS)
    if (fields.has(field))
      faults.push({ code: UNSUPPORTED, text: `Field '$states.${field}' does not exist.`, allowedIn });
  return faults;
}

const FIELDS: readonly (readonly [field: string, allowedIn: ExitOf])[] = [
  ['errorOutput', 'catch'],
  ['result', 'work'],
];

/** A node of the JSONata library's syntax tree. */
interface Node extends Readonly<Record<string, unknown>> {
  readonly type?: string;
  readonly steps?: readonly Node[];
}

/**
 * The members of a node that are evaluated with the same input as the node itself, by the type of the node. The members
 * of a transform (`|items|{"a": b}|`) aren't: they are evaluated with the value that is transformed.
 */
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
};

/**
 * The references at the top level of an expression to what Step Functions doesn't define: `$$` and fields without `$`,
 * since its expressions have no input; `$states.errorOutput` outside a Catch; `$states.result` before there is one. Only
 * the first step of each path counts. Later steps, predicates, orderings and groupings are ignored, as measured at the
 * live service.
 */
class References {
  /**
   * The names of the fields, in the order in which they are written. The name `$` stands for the whole input.
   */
  readonly names = new Set<string>();
  root = false;
  /** The fields of `$states`. */
  readonly fields = new Set<unknown>();

  visit(node: unknown): this {
    if (Array.isArray(node)) for (const each of node as unknown[]) this.visit(each);
    const { type = '', value, steps = [] } = Object(node) as Node;
    if (type === 'path') this.#path(steps);
    else if (type === 'variable') this.#variable(node as Node);
    else if (type === 'name') this.names.add(String(value));
    else for (const member of MEMBERS[type] ?? []) this.visit((node as Node)[member]);
    return this;
  }

  #path([first, second]: readonly Node[]): void {
    if (!first) return;
    if (first.type === 'variable' && first.value === 'states') this.fields.add(second?.value);
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
