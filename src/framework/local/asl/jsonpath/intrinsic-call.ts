import { EvaluationFailure } from '../expression/evaluation-failure.js';
import { weigh, type Json } from '../values/json.js';
import { INTRINSICS, type Intrinsic } from './intrinsics.js';
import { Scanner } from './path/scanner.js';
import type { StateData } from '../expression/state-data.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

type Part = (data: StateData) => Json;

/** Compiles a path that is an argument of an intrinsic function. */
export type CompileArgument = (path: string) => Part;

const MAX_DEPTH = 10;
/**
 * The most bytes in one argument, as `weigh` counts them. The largest input that a state can have doesn't contain more.
 */
const MOST_BYTES = 12 * PAYLOAD_LIMIT_BYTES;

/**
 * Compiles a call of an intrinsic function, such as `States.Format('Hi {}', $.name)`. Its arguments may be calls too.
 * @throws Error if the text isn't such a call, no function has the name, or the number of arguments is wrong
 */
export function compileIntrinsic(text: string, compilePath: CompileArgument): Part {
  const parser = new Parser(new Scanner(text), compilePath);
  const part = parser.call(1);
  parser.end();
  return part;
}

/** @throws EvaluationFailure if an argument that a call goes through is larger than any input of a state */
function checkSize(name: string, args: readonly Json[]): void {
  if (!args.every((arg) => weigh(arg, MOST_BYTES)))
    throw new EvaluationFailure('States.IntrinsicFailure', `${name}: an argument is too large`);
}

const TEXT = `'[^']*'|"[^"]*"`;
const within = (inner: string): string => `\\[(?:[^[\\]'"]|${TEXT}${inner})*\\]`;
/** Matches a path among the arguments. It may have brackets within brackets, as in a filter, and calls of functions. */
const PATH = new RegExp(
  `\\$(?:[^\\s,()[\\]'"]|${within(`|${within(`|${within('')}`)}`)}|\\((?:[^()'"]|${TEXT})*\\))*`,
  'y',
);

class Parser {
  constructor(
    private readonly scanner: Scanner,
    private readonly compilePath: CompileArgument,
  ) {}

  call(depth: number): Part {
    if (depth > MAX_DEPTH) throw new Error(`calls are nested more than ${MAX_DEPTH} deep`);
    const name = this.scanner.take(/States\.[A-Za-z0-9]+/y);
    const intrinsic = name === undefined ? undefined : INTRINSICS.get(name);
    if (name === undefined || !intrinsic)
      throw new Error(`there is no intrinsic function '${name ?? this.scanner.text}'`);
    const parts = this.#arguments(depth, name === 'States.Format');
    checkCount(name, intrinsic, parts.length);
    return (data) => {
      const args = parts.map((part) => part(data));
      if (intrinsic.readsAll) checkSize(name, args);
      return intrinsic.call(args, data);
    };
  }

  end(): void {
    if (this.scanner.take(/\s*$/y) === undefined)
      throw new Error(`it cannot be read from '${this.scanner.rest}' on`);
  }

  /**
   * Parses the arguments of a call.
   * @param template true if the first argument is the template of `States.Format`. Escapes such as `\{` are then kept
   * in it, since they are resolved when the template is filled in
   */
  #arguments(depth: number, template: boolean): Part[] {
    const parts: Part[] = [];
    this.#expect('(');
    if (this.scanner.take(/\s*\)/y) !== undefined) return parts;
    do parts.push(this.#argument(depth, template && parts.length === 0));
    while (this.scanner.take(/\s*,/y) !== undefined);
    this.#expect(')');
    return parts;
  }

  #argument(depth: number, raw: boolean): Part {
    this.scanner.take(/\s*/y);
    const quoted = this.scanner.take(/'(?:[^'\\]|\\['{}\\])*'/y);
    if (quoted !== undefined) {
      const text = quoted.slice(1, -1);
      return constant(raw ? text : text.replaceAll(/\\(['{}\\])/g, '$1'));
    }
    const literal = this.scanner.take(/(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=\s*[,)])/y);
    if (literal !== undefined) return constant(JSON.parse(literal) as Json);
    const path = this.scanner.take(PATH);
    if (path !== undefined) return this.compilePath(path);
    return this.call(depth + 1);
  }

  #expect(char: string): void {
    if (this.scanner.take(char === '(' ? /\s*\(/y : /\s*\)/y) !== undefined) return;
    throw new Error(`expected '${char}' at '${this.scanner.rest}'`);
  }
}

const constant =
  (value: Json): Part =>
  () =>
    value;

function checkCount(name: string, { min, max }: Intrinsic, count: number): void {
  if (count >= min && count <= max) return;
  throw new Error(`${name} takes ${min === max ? min : `${min} to ${max}`} arguments, got ${count}`);
}
