import { Scanner } from './scanner.js';
import { NotHere, type Visits } from './steps.js';

/**
 * Returns true if a whole text matches a regular expression. The time grows at most in proportion to the lengths of the
 * text and of the expression, unlike with JavaScript's own engine.
 */
export type Pattern = (text: string, visits: Visits) => boolean;

/** An instruction of a compiled expression. A `fork` continues at both of its targets. */
type Instruction =
  | { readonly kind: 'char'; readonly fits: (char: string) => boolean }
  | { readonly kind: 'assert'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'fork'; targets: readonly number[] }
  | { readonly kind: 'end' };

/** A part of a parsed expression: adds its instructions to the end of a program. */
type Part = (program: Program) => void;

/** The most instructions of an expression. */
const MOST = 1_000;
/** The most compiled expressions that are kept. They take up to 100 KB each, and a definition may have thousands. */
const KEPT = 20;
const FLAGS = /^[ism]*$/;
const LINE_END = /[\n\r\u0085\u2028\u2029]/;
const isWord = (char: string | undefined): boolean => char !== undefined && /^\w$/.test(char);

class Program {
  readonly instructions: Instruction[] = [];

  add(instruction: Instruction): void {
    if (this.instructions.length >= MOST) throw new NotHere('regular expressions that are so long');
    this.instructions.push(instruction);
  }

  get length(): number {
    return this.instructions.length;
  }

  /** Adds a fork whose targets aren't known yet. Returns the function that sets them. */
  fork(): (targets: readonly number[]) => void {
    const fork: Instruction = { kind: 'fork', targets: [] };
    this.add(fork);
    return (targets) => (fork.targets = targets);
  }
}

/**
 * Compiles a regular expression of Java.
 * @throws NotHere if the expression looks around, refers back, or uses anything else that the local service doesn't have
 */
export function compilePattern(source: string, flags: string): Pattern {
  if (!FLAGS.test(flags)) throw new NotHere(`the flags '${flags}' of regular expressions`);
  compile(source, flags);
  return (text, visits) => {
    const key = `${flags}/${source}`;
    const instructions = kept.get(key) ?? compile(source, flags);
    if (!kept.has(key)) visits.add(instructions.length);
    if (kept.size >= KEPT) kept.clear();
    kept.set(key, instructions);
    return matches(instructions, text, visits);
  };
}

const kept = new Map<string, readonly Instruction[]>();

function compile(source: string, flags: string): readonly Instruction[] {
  const part = new PatternReader(source, flags).pattern();
  const program = new Program();
  part(program);
  program.add({ kind: 'end' });
  return program.instructions;
}

/** Follows all ways through the instructions at the same time, character by character. */
function matches(instructions: readonly Instruction[], text: string, visits: Visits): boolean {
  let current = reached(instructions, [0], text, 0);
  let at = 0;
  for (const char of text) {
    visits.add(1 + 4 * current.size);
    const next: number[] = [];
    at += char.length;
    for (const index of current) {
      const instruction = instructions[index];
      if (instruction?.kind === 'char' && instruction.fits(char)) next.push(index + 1);
    }
    if (next.length === 0) return false;
    current = reached(instructions, next, text, at);
  }
  return current.has(instructions.length - 1);
}

/** Returns the instructions that are reached from some without reading a character. */
function reached(
  instructions: readonly Instruction[],
  from: readonly number[],
  text: string,
  at: number,
): Set<number> {
  const seen = new Set<number>();
  const open = [...from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const instruction = instructions[index];
    if (instruction?.kind === 'fork') open.push(...instruction.targets);
    else if (instruction?.kind === 'assert' && instruction.holds(text, at)) open.push(index + 1);
  }
  return seen;
}

const QUANTIFIER = /([*+?]|\{(\d+)(?:(,)(\d*))?\})([?+]?)/y;

class PatternReader {
  readonly #scanner: Scanner;

  constructor(
    source: string,
    private readonly flags: string,
  ) {
    this.#scanner = new Scanner(source);
  }

  pattern(): Part {
    const part = this.#alternatives();
    if (!this.#scanner.atEnd)
      throw new Error(`the regular expression cannot be read from '${this.#scanner.rest}' on`);
    return part;
  }

  #alternatives(): Part {
    const parts = [this.#sequence()];
    while (this.#scanner.take(/\|/y) !== undefined) parts.push(this.#sequence());
    return parts.reduceRight((others, part) => either(part, others));
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (!this.#scanner.atEnd && !/[|)]/.test(this.#next)) parts.push(this.#repeated(this.#term()));
    return (program) => {
      for (const part of parts) part(program);
    };
  }

  get #next(): string {
    return this.#scanner.text.charAt(this.#scanner.at);
  }

  #repeated(part: Part): Part {
    const [whole, sign, least, comma, most, how] = this.#scanner.match(QUANTIFIER) ?? [];
    if (whole === undefined) return part;
    if (how === '+') throw new NotHere('possessive repetitions in regular expressions');
    if (sign === '*') return repeat(part, 0);
    if (sign === '+') return repeat(part, 1);
    if (sign === '?') return repeat(part, 0, 1);
    if (comma === undefined) return repeat(part, Number(least), Number(least));
    return repeat(part, Number(least), most ? Number(most) : undefined);
  }

  #term(): Part {
    const opening = this.#scanner.take(/\((?:\?:|\?<[A-Za-z][A-Za-z0-9]*>)?/y);
    if (opening !== undefined) return this.#group();
    return this.#assertion() ?? this.#char();
  }

  #group(): Part {
    if (this.#next === '?') throw new NotHere(`'(${this.#scanner.rest.slice(0, 3)}' in regular expressions`);
    const inner = this.#alternatives();
    if (this.#scanner.take(/\)/y) === undefined)
      throw new Error('a group of a regular expression is not closed');
    return inner;
  }

  #assertion(): Part | undefined {
    const token = this.#scanner.take(/[$^]|\\[bBAzZ]/y);
    const lines = this.flags.includes('m');
    const before = (text: string, at: number): boolean =>
      at === 0 || (lines && LINE_END.test(text.charAt(at - 1)));
    const after = (text: string, at: number): boolean =>
      at === text.length ||
      (lines ? LINE_END.test(text.charAt(at)) : /^(?:\r\n|[\n\r\u0085\u2028\u2029])$/.test(text.slice(at)));
    if (token === undefined) return undefined;
    if (token === '^') return asserting(before);
    if (token === '$' || token === '\\Z') return asserting(after);
    if (token === '\\A') return asserting((_text, at) => at === 0);
    if (token === '\\z') return asserting((text, at) => at === text.length);
    const isEdge = token === '\\b';
    return asserting((text, at) => (isWord(text[at - 1]) !== isWord(text[at])) === isEdge);
  }

  #char(): Part {
    if (this.#scanner.take(/\./y) !== undefined) {
      const all = this.flags.includes('s');
      return reading((char) => all || !LINE_END.test(char));
    }
    const [whole, not, inner] = this.#scanner.match(/\[(\^?)(\]?(?:\\[^]|[^\]\\])*)\]/y) ?? [];
    if (whole !== undefined && inner !== undefined) return this.#single(`[${not}${this.#members(inner)}]`);
    const escaped = this.#scanner.take(ESCAPE);
    if (escaped !== undefined) return this.#single(`[${inClass(escaped)}]`);
    const char = this.#scanner.take(/[^\\[(){*+?|^$.]/uy);
    if (char === undefined && this.#next === '\\') throw notHere(this.#scanner);
    if (char === undefined)
      throw new Error(`the regular expression cannot be read from '${this.#scanner.rest}' on`);
    return this.#single(`[${literal(char)}]`);
  }

  /** Returns the members of a class in brackets in JavaScript's notation. */
  #members(text: string): string {
    if (/^\[|[^\\]\[|&&/.test(text)) throw new NotHere('classes within classes in regular expressions');
    const scanner = new Scanner(text);
    let members = '';
    while (!scanner.atEnd) {
      const escaped = scanner.take(ESCAPE);
      const char = escaped ?? scanner.take(/[^\\]/uy) ?? '';
      if (char === '') throw notHere(scanner);
      members += escaped === undefined ? inner(char) : inClass(escaped);
    }
    return members;
  }

  /** Reads one character that a class of JavaScript has. */
  #single(classText: string): Part {
    let tester: RegExp;
    try {
      tester = new RegExp(`^${classText}$`, this.flags.includes('i') ? 'iu' : 'u');
    } catch {
      throw new Error(`'${classText}' is not a class of characters in a regular expression`);
    }
    return reading((char) => tester.test(char));
  }
}

const ESCAPE = /\\(?:[dDwWsStnrf]|x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|[pP]\{[A-Za-z]+\}|[^A-Za-z0-9])/uy;
const SPACES = ' \\t\\n\\v\\f\\r';

/** Returns an escape of Java as it stands in a class of JavaScript. */
function inClass(escaped: string): string {
  if (escaped === '\\s') return SPACES;
  return /^\\[A-Za-z]/.test(escaped) ? escaped : literal(escaped.slice(1));
}

const notHere = ({ rest }: Scanner): NotHere => new NotHere(`'${rest.slice(0, 2)}' in regular expressions`);
const literal = (char: string): string => (/[\\\]^[-]/.test(char) ? `\\${char}` : char);
const inner = (char: string): string => (/[\][]/.test(char) ? `\\${char}` : char);

const reading =
  (fits: (char: string) => boolean): Part =>
  (program) =>
    program.add({ kind: 'char', fits });

const asserting =
  (holds: (text: string, at: number) => boolean): Part =>
  (program) =>
    program.add({ kind: 'assert', holds });

function either(part: Part, other: Part): Part {
  return (program) => {
    const choose = program.fork();
    const first = program.length;
    part(program);
    const leave = program.fork();
    const second = program.length;
    other(program);
    choose([first, second]);
    leave([program.length]);
  };
}

/** @param most the most repetitions. @default any number */
function repeat(part: Part, least: number, most?: number): Part {
  return (program) => {
    for (let times = 0; times < least; times++) {
      const before = program.length;
      part(program);
      // An empty part is the same however often it is repeated.
      if (program.length === before) return;
    }
    if (most === undefined) return loop(part, program);
    const leaves: ((targets: readonly number[]) => void)[] = [];
    const starts: number[] = [];
    for (let times = least; times < most; times++) {
      leaves.push(program.fork());
      starts.push(program.length);
      part(program);
    }
    for (const [i, leave] of leaves.entries()) leave([starts[i] ?? program.length, program.length]);
  };
}

function loop(part: Part, program: Program): void {
  const start = program.length;
  const choose = program.fork();
  part(program);
  program.fork()([start]);
  choose([start + 1, program.length]);
}
