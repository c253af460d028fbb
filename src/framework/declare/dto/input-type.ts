import type { Problem } from '../../base/errors.js';
import { show } from '../../base/show.js';
import type { InputSpec, OutputSpec } from '../definition.js';
import { type Constructor, isBuiltIn } from '../class.js';
import { dtoProblems } from './dto-problems.js';
import { readParameterTypes } from '../metadata.js';

/** The result of reading the declared type of an input or output. `spec` is absent if there are problems. */
type Read<T> = { readonly spec?: T; readonly problems: readonly Problem[] };

const failed = (
  ref: MethodRef,
  code: Problem['code'],
  what: string,
  fix: string,
): { problems: Problem[] } => ({
  problems: [{ code, where: ref.where, what, fix }],
});

const SCALARS = new Map<unknown, InputSpec>([
  [String, { kind: 'scalar', type: 'string' }],
  [Number, { kind: 'scalar', type: 'number' }],
  [Boolean, { kind: 'scalar', type: 'boolean' }],
]);

/**
 * The types that compilers emit for types that exist only in TypeScript, such as interfaces. For each of them, the text
 * for messages says what the type in the source may have been.
 */
const LOST = new Map<unknown, string>([
  [undefined, 'a class that is not defined yet (a circular import)'],
  [Object, 'an interface, an inline type, a union, `unknown`, or a class that was imported by `import type`'],
  [Function, 'a class that was imported by `import type`'],
  [Array, 'an array, without the class of its elements'],
  [Promise, 'a promise'],
]);

const OF_ARRAY =
  "name the class of its elements: @Handle({ input: [TheClass] }); strings and numbers have none: @Handle({ input: 'any' }) takes them unchecked, or have the state send an object that lists them in a field";

const OF_LOST =
  "make it a class and import it without `type`, or name the class: @Handle({ input: TheClass }). A TaskContext is the second parameter: run(input, task: TaskContext). To take the JSON unchecked: @Handle({ input: 'any' })";

/** A method with `@Handle` whose input and output types are read. */
export interface MethodRef {
  /** The handler's name, `Class.method`. */
  readonly where: string;
  readonly target: Constructor<object>;
  readonly method: string;
  readonly groups: readonly string[];
}

/**
 * Reads the type of a handler's input from the option `input` or, if that isn't set, from the handler's first
 * parameter.
 */
export function readInput(ref: MethodRef, options: { readonly input?: unknown }): Read<InputSpec> {
  if ('input' in options) return fromOption(ref, options.input);
  const types = readParameterTypes(ref.target, ref.method);
  if (types === undefined) return withoutMetadata(ref);
  if (types.length === 0) return { spec: { kind: 'none' }, problems: [] };
  return types.length === 1 && types[0] === Object && TASK_NAME.test(onlyParameter(ref) ?? '')
    ? failed(ref, 'INPUT_TYPE_LOST', TASK_ALONE, takingNoInput(ref))
    : fromParameter(ref, types[0]);
}

function fromOption(ref: MethodRef, declared: unknown): Read<InputSpec> {
  if (declared === 'any') return { spec: { kind: 'any' }, problems: [] };
  const scalar = SCALARS.get(declared);
  if (scalar) return { spec: scalar, problems: [] };
  const named = readClass(declared);
  if (!named) return badOption(ref, 'input', declared);
  return checked(named, ref);
}

/** Reads the type of a handler's output from the option `output`. */
export function readOutput(ref: MethodRef, declared: unknown): Read<OutputSpec> {
  const named = readClass(declared);
  if (!named) return badOption(ref, 'output', declared);
  const problems = dtoProblems(named.type, `${ref.where}, output`, {
    groups: ref.groups,
    direction: 'output',
  });
  return problems.length > 0 ? { problems } : { spec: named, problems };
}

function readClass(declared: unknown): OutputSpec | undefined {
  if (Array.isArray(declared)) {
    const inner = declared.length === 1 ? readClass(declared[0]) : undefined;
    return inner?.kind === 'class' ? { kind: 'array', type: inner.type } : undefined;
  }
  if (typeof declared !== 'function' || isBuiltIn(declared)) return undefined;
  return { kind: 'class', type: declared as Constructor<object> };
}

const OPTION_FIX = {
  input:
    'give a class of your own with rules of class-validator; what comes as a bare text, as a date does, is a String',
  output:
    'leave it out for a text, a number or a boolean, which are written as they are; for an object give a class of your own with rules',
};

function badOption(ref: MethodRef, option: 'input' | 'output', declared: unknown): { problems: Problem[] } {
  const given = Array.isArray(declared) ? `[${declared.map(show).join(', ')}]` : show(declared);
  const late = declared === undefined || (Array.isArray(declared) && declared.includes(undefined));
  const scalars = option === 'input' ? ", String, Number, Boolean or 'any'" : '';
  return failed(
    ref,
    option === 'input' ? 'INPUT_TYPE_INVALID' : 'OUTPUT_TYPE_INVALID',
    `${option}: expected a class, [Class]${scalars}, got ${given}`,
    late
      ? 'the class is not defined yet when the decorator runs: move it above this one, or break the circular import'
      : OPTION_FIX[option],
  );
}

function fromParameter(ref: MethodRef, type: unknown): Read<InputSpec> {
  const scalar = SCALARS.get(type);
  if (scalar) return { spec: scalar, problems: [] };
  const lost = LOST.get(type);
  if (lost !== undefined) {
    const seen = typeof type === 'function' ? type.name : 'undefined';
    const what = `the type of its first parameter is not in the compiled code. TypeScript wrote ${seen} there, as it does for ${lost}`;
    return failed(ref, 'INPUT_TYPE_LOST', what, type === Array ? OF_ARRAY : OF_LOST);
  }
  if (isBuiltIn(type)) return badOption(ref, 'input', type);
  return checked({ kind: 'class', type: type as Constructor<object> }, ref);
}

function checked(spec: OutputSpec, { where, groups }: MethodRef): Read<InputSpec> {
  const problems = dtoProblems(spec.type, where, { groups, direction: 'input' });
  return problems.length > 0 ? { problems } : { spec, problems };
}

const TASK_NAME = /^_?(?:task|ctx|context|taskContext)$/i;

const TASK_ALONE =
  'its only parameter looks like the TaskContext, but the first parameter is the input; the task is the second';

const takingNoInput = ({ method }: MethodRef): string =>
  `@Handle({ input: 'any' }) async ${method}(_input: unknown, task: TaskContext); or take none, and call currentTask()`;

/**
 * Returns the name of a method's only parameter as the compiled code shows it, an empty text if it has none, and
 * undefined if it has several, a default or a pattern. TaskContext is an interface, so only a name shows it.
 */
function onlyParameter({ target, method }: MethodRef): string | undefined {
  const fn: unknown = Reflect.get(target.prototype as object, method);
  if (typeof fn !== 'function') return undefined;
  return /^[^(]*\(\s*([\w$]*)\s*\)/.exec(Function.prototype.toString.call(fn))?.[1];
}

/** Reads the input of a handler for which the compiler emitted no types: it can only have no parameter. */
function withoutMetadata(ref: MethodRef): Read<InputSpec> {
  if (onlyParameter(ref) === '') return { spec: { kind: 'none' }, problems: [] };
  return failed(
    ref,
    'INPUT_TYPE_LOST',
    "the compiler wrote no type for its parameters: tsx, esbuild and Node's type stripping write none, tsc and swc do when told to",
    `set "emitDecoratorMetadata": true in tsconfig.json, and compile with tsc (swc: decoratorMetadata); or name the class: @Handle({ input: TheClass })`,
  );
}
