import type { Json } from '../values/json.js';
import { parse } from './compile-cache.js';
import { expressionIn } from './expression.js';

/** The number of expressions that are parsed together. */
const AT_ONCE = 500;

/**
 * Returns the parser's message for each expression of a definition that can't be parsed, by the expression's text.
 * Parsing one expression costs as much as parsing hundreds together, so they are parsed as one list. Only if that
 * fails, each is parsed alone.
 */
export function faultsIn(definition: Json): ReadonlyMap<string, string> {
  const sources = [...new Set(sourcesIn(definition))];
  const faults = new Map<string, string>();
  for (let from = 0; from < sources.length; from += AT_ONCE) {
    const some = sources.slice(from, from + AT_ONCE);
    if (some.length > 1 && areSound(some)) continue;
    for (const source of some) {
      const fault = faultOf(source);
      if (fault !== undefined) faults.set(source, fault);
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

function faultOf(source: string): string | undefined {
  try {
    parse(source);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Returns true if parsing the list `[(one),(two)]` proves that each source is an expression: the list has as many items
 * as there are sources, and each item is one block that begins at the position of its source. The position is checked
 * because brackets or quotes in one source could otherwise swallow parts of the next.
 */
function areSound(sources: readonly string[]): boolean {
  const { expressions } = listOf(sources) ?? {};
  if (expressions?.length !== sources.length) return false;
  let at = 2;
  return sources.every((source, i) => {
    const begins = at;
    at += source.length + '),('.length;
    return isBlock(expressions[i], begins);
  });
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
