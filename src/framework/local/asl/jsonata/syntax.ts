import type { Json } from '../values/json.js';
import { parse } from './compiled.js';
import { expressionIn } from './expression.js';

/** How many expressions are parsed as one. */
const AT_ONCE = 500;

/**
 * What is wrong with those expressions of a definition that cannot be parsed, by their text. To parse one costs as much
 * as to parse hundreds, so they are parsed in one list; where that fails, each by itself.
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
 * Whether all are expressions, told from the list `[(one),(two)]`: it has to have as many items, each has to be what
 * stands in its brackets and nothing else, and to begin where it was put. So none can borrow of another.
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

/** What the library makes of a list, or of what stands in brackets. */
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
