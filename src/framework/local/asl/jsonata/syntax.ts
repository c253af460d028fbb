import type { ExitOf, ExpressionFault } from '../definition/reader.js';
import type { Json } from '../values/json.js';
import { parse } from './compiler.js';
import { expressionIn } from './expression.js';
import { referencesIn } from './references.js';

/** The number of expressions that are joined into one text and parsed at once. */
const AT_ONCE = 500;

/**
 * Returns the mistakes in the JSONata expressions of a definition, by the expression's text. Parsing one expression
 * takes as long as parsing hundreds that are joined into one list, so they are joined. They are parsed one by one only
 * if the joined list can't be parsed.
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
 * Returns a mistake for each reference in an expression that Step Functions doesn't support. The texts are those of
 * Step Functions.
 */
function unsupported(ast: object): readonly ExpressionFault[] {
  const { names, root, errorOutput, result } = referencesIn(ast);
  const code = 'UNSUPPORTED_JSONATA_EXPRESSION';
  const missing = (field: string, allowedIn: ExitOf): ExpressionFault => ({
    code,
    text: `Field '$states.${field}' does not exist.`,
    allowedIn,
  });
  return [
    ...names.map((name) => ({ code, text: `Reference to '${name}' at the top level is not supported.` })),
    ...(root ? [{ code, text: "Reference to '$$' is not supported." }] : []),
    ...(errorOutput ? [missing('errorOutput', 'catch')] : []),
    ...(result ? [missing('result', 'work')] : []),
  ];
}

/**
 * Parses all sources at once, as the list `[(one),(two)]`, and returns the syntax node of each. Returns undefined if
 * that doesn't prove that each source alone is a valid expression. The proof: the list has as many items as there are
 * sources, and each item is a block in parentheses that begins where its source begins. (A bracket or quote in one
 * source could otherwise swallow parts of the next.)
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

/** A node of the JSONata library's syntax tree: a list, or a block in parentheses. */
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
