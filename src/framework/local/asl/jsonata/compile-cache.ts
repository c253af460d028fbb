import type jsonata from 'jsonata';
import { Compiler, type Compiled } from './compiler.js';
import { ON_MAIN } from './guard.js';

/** The characters of expressions in each of the two maps; one takes some 500 bytes, and each expression some more. */
const CHARS = 50_000;
const CHARS_EACH = 40;

let compiler: Compiler | undefined;
let recent = new Map<string, Compiled>();
let older = new Map<string, Compiled>();
let chars = 0;

/**
 * Compiles an expression for the main thread. Recent ones are cached, and no others: one of a few characters takes 15 KB,
 * and a definition may have 25,000.
 * @throws Error where the expression cannot be parsed
 */
export function compiled(source: string): Compiled {
  const known = recent.get(source);
  if (known) return known;
  compiler ??= new Compiler(ON_MAIN);
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

/** @throws Error where the expression cannot be parsed */
export function parse(source: string): jsonata.Expression {
  compiler ??= new Compiler(ON_MAIN);
  return compiler.parse(source);
}
