import type jsonata from 'jsonata';
import { createCompiler, type Compiled, type Compiler } from './evaluator.js';
import { ON_MAIN } from './guard.js';

/** How many characters of expressions are kept compiled, twice over; each takes some 500 bytes, and an expression some more. */
const CHARS = 50_000;
const CHARS_EACH = 40;

let compiler: Compiler | undefined;
let recent = new Map<string, Compiled>();
let older = new Map<string, Compiled>();
let chars = 0;

/**
 * An expression, compiled for the main thread. Those of late are kept and no others: one of a few characters takes 15 KB,
 * and a definition may have 25,000 of them.
 * @throws Error where it cannot be parsed
 */
export function compiled(source: string): Compiled {
  const known = recent.get(source);
  if (known) return known;
  compiler ??= createCompiler(ON_MAIN);
  const made = older.get(source) ?? compiler.compile(source);
  recent.set(source, made);
  chars += CHARS_EACH + source.length;
  if (chars > CHARS) {
    older = recent;
    recent = new Map();
    chars = 0;
  }
  return made;
}

/** @throws Error where it cannot be parsed */
export function parse(source: string): jsonata.Expression {
  compiler ??= createCompiler(ON_MAIN);
  return compiler.parse(source);
}
