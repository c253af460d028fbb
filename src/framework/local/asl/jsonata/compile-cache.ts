import type jsonata from 'jsonata';
import { Compiler, type Compiled } from './compiler.js';
import { ON_MAIN } from './limits/guard.js';

/**
 * The most characters in all expressions of one cache; there are two (`recent` and `older`). A compiled expression
 * takes about 500 bytes of memory for each of its characters, plus a fixed amount of memory, for which CHARS_EACH
 * characters are added.
 */
const CHARS = 50_000;
const CHARS_EACH = 40;

let compiler: Compiler | undefined;
let recent = new Map<string, Compiled>();
let older = new Map<string, Compiled>();
let chars = 0;

/**
 * Compiles an expression for the main thread. Only recently used expressions are cached, since a compiled expression of
 * a few characters takes 15 KB and a definition may have 25,000 expressions.
 * @throws Error if the expression can't be parsed
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

/** Parses an expression without compiling it. @throws Error if the expression can't be parsed */
export function parse(source: string): jsonata.Expression {
  compiler ??= new Compiler(ON_MAIN);
  return compiler.parse(source);
}
