import type { ExpressionFault } from '../definition/reader.js';
import type { Json } from '../values/json.js';
import { parse } from './compile-cache.js';
import { expressionIn } from './expression.js';
import { referencesIn } from './references.js';

/** The number of expressions that are parsed together. */
const AT_ONCE = 500;

/**
 * Returns the mistakes of each expression of a definition that has any, by the expression's text. Parsing one
 * expression costs as much as parsing hundreds together, so they are parsed as one list. Only if that fails, each is
 * parsed alone.
 */
export function faultsIn(definition: Json): ReadonlyMap<string, readonly ExpressionFault[]> {
  const sources = [...new Set(sourcesIn(definition))];
  const faults = new Map<string, readonly ExpressionFault[]>();
  const add = (source: string, found: readonly ExpressionFault[]): void => {
    if (found.length > 0) faults.set(source, found);
  };
  for (let from = 0; from < sources.length; from += AT_ONCE) {
    const some = sources.slice(from, from + AT_ONCE);
    const parsed = some.length > 1 ? parsedTogether(some) : undefined;
    for (const [i, source] of some.entries()) {
      const node = parsed?.[i];
      add(source, node ? unsupported(node) : faultsOf(source));
    }
  }
  return faults;
}

function* sourcesIn(value: Json): Generator<string> {
  if (typeof value === 'string') {
    const source = expressionIn(value);
    if (source !== undefined) yield source;
  } else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* sourcesIn(inner);
}

function faultsOf(source: string): readonly ExpressionFault[] {
  try {
    return unsupported(parse(source).ast());
  } catch (error) {
    return [{ code: 'INVALID_JSONATA_EXPRESSION', text: (error as Error).message }];
  }
}

/**
 * Returns a mistake for each reference in an expression that Step Functions doesn't support, in the words of Step
 * Functions.
 */
function unsupported(ast: object): readonly ExpressionFault[] {
  const { names, root, errorOutput } = referencesIn(ast);
  const code = 'UNSUPPORTED_JSONATA_EXPRESSION';
  return [
    ...names.map((name) => ({ code, text: `Reference to '${name}' at the top level is not supported.` })),
    ...(root ? [{ code, text: "Reference to '$$' is not supported." }] : []),
    ...(errorOutput
      ? [{ code, text: "Field '$states.errorOutput' does not exist.", allowedInCatch: true }]
      : []),
  ];
}

/**
 * Returns the syntax nodes of all sources if parsing the list `[(one),(two)]` proves that each source is an expression:
 * the list has as many items as there are sources, and each item is one block that begins at the position of its
 * source. The position is checked because brackets or quotes in one source could otherwise swallow parts of the next.
 */
function parsedTogether(sources: readonly string[]): readonly Node[] | undefined {
  const { expressions } = listOf(sources) ?? {};
  if (expressions?.length !== sources.length) return undefined;
  let at = 2;
  const areSound = sources.every((source, i) => {
    const begins = at;
    at += source.length + '),('.length;
    return isBlock(expressions[i], begins);
  });
  return areSound ? expressions.flatMap(({ expressions: [inner] = [] }) => inner ?? []) : undefined;
}

/** The library's syntax node of a list or of a block in parentheses. */
interface Node {
  readonly type?: string;
  readonly position?: number;
  readonly expressions?: readonly Node[];
}

function listOf(sources: readonly string[]): Node | undefined {
  try {
    return parse(`[${sources.map((source) => `(${source})`).join(',')}]`).ast();
  } catch {
    return undefined;
  }
}

function isBlock(node: Node | undefined, position: number): boolean {
  return (
    node?.type === 'block' &&
    node.position === position &&
    node.expressions?.length === 1 &&
    Object.keys(node).length === 3
  );
}
