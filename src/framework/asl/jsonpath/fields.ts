import type { Reader } from '../definition/reader.js';
import { contextOf, type Expression, runtimeFailure, type StateData } from '../expression.js';
import { bareText, type Json } from '../values/json.js';
import { compileIntrinsic, meantFunction } from './intrinsics.js';
import { compilePath } from './path.js';
import { NotHere } from './steps.js';
import { compileTemplate } from './template.js';

/** A compiled path. */
interface Finder {
  /** Returns the value to which the path leads; undefined if it leads to none. */
  find(data: StateData): Json | undefined;
  /** Returns the reason why the path leads to no value, in the wording of Step Functions. */
  explain(data: StateData): string;
}

const VARIABLE = /^\$(\p{ID_Start}\p{ID_Continue}*)/u;

/** Compiles InputPath or OutputPath. If the field is null, the compiled function returns an empty object. */
export function readDataPath(reader: Reader, field: string): ((data: StateData) => Json) | undefined {
  if (reader.source[field] !== null) return readPath(reader, field);
  reader.json(field);
  return () => ({});
}

/**
 * Compiles a field that contains a path, such as `SecondsPath`.
 * @param absent returns the error message to use if the path leads to no value. @default the message of Step Functions,
 * which names what is missing
 */
export function readPath(
  reader: Reader,
  field: string,
  absent?: (path: string) => string,
): ((data: StateData) => Json) | undefined {
  const text = reader.string(field);
  if (text === undefined) return undefined;
  const finder = compileFinder(text, reader, field);
  return (data) => {
    const value = finder.find(data);
    if (value !== undefined) return value;
    throw runtimeFailure(absent?.(text) ?? `Invalid path '${text}' : ${finder.explain(data)}`);
  };
}

/** Compiles a path into the state's data (`$`), the context object (`$$`), or a variable (`$name`). */
export function compileFinder(text: string, reader: Reader, field: string): Finder {
  try {
    return finderOf(text, reader);
  } catch (error) {
    if (error instanceof NotHere) refuse(reader, field, text, error);
    else reader.problem(`The value '${text}' is not a valid JSONPath: ${reasonOf(error)}`, field);
    return { find: () => null, explain: () => '' };
  }
}

/** Adds the problem that a path uses something that only Step Functions itself has. */
function refuse(reader: Reader, field: string, text: string, { message }: NotHere): void {
  reader.report({
    path: `${reader.path}/${field}`,
    text: `The path '${text}' cannot be used here: ${message}`,
    unsupported: true,
  });
}

function reasonOf(error: unknown): string {
  return error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message;
}

/** Like `compileFinder`, but throws if the path isn't valid. @throws Error if the text isn't a path */
function finderOf(text: string, { variables }: Reader): Finder {
  const [root = '', name] = VARIABLE.exec(text) ?? [];
  if (name !== undefined) {
    const path = compilePath(`$${text.slice(root.length)}`);
    variables.add(name);
    const find = ({ environment }: StateData): Json | undefined => {
      const value = environment.variables.get(name);
      return value === undefined ? undefined : path.read(value);
    };
    return { find, explain: () => `No results for path: ${text}` };
  }
  const isContext = text.startsWith('$$');
  const path = compilePath(isContext ? text.slice(1) : text);
  const start = (data: StateData): Json => (isContext ? contextOf(data) : data.root);
  const shown = (reason: string): string => (isContext ? reason.replace('$', () => '$$') : reason);
  return { find: (data) => path.read(start(data)), explain: (data) => shown(path.explain(start(data))) };
}

export function readTemplate(reader: Reader, field: string): Expression | undefined {
  const source = reader.json(field);
  if (source === undefined) return undefined;
  return compileTemplate(source, (value, key, isRepeated) => {
    if (isRepeated) reader.problem(`'${key.slice(0, -2)}' and '${key}' are one key, given twice`, field);
    return compileField(value, key, reader, field);
  });
}

/** Compiles a field that contains a path or an intrinsic function, such as `ErrorPath`. */
export function readField(reader: Reader, field: string): ((data: StateData) => Json) | undefined {
  const text = reader.string(field);
  return text === undefined ? undefined : compileField(text, field, reader);
}

/**
 * Compiles the path or intrinsic function that is the value of `key`.
 * @param field the field of the state whose value is a template that contains `key`. @default `key`, which is then
 * itself a field of the state
 */
function compileField(
  text: Json,
  key: string,
  reader: Reader,
  field: string = key,
): (data: StateData) => Json {
  try {
    if (typeof text === 'string')
      return text.startsWith('States.')
        ? compileIntrinsic(text, (path) => compileRequired(path, key, reader))
        : compileRequired(text, key, reader);
  } catch (error) {
    if (error instanceof NotHere) {
      refuse(reader, field, bareText(text), error);
      return () => null;
    }
  }
  reader.problem(
    `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
    field === key ? undefined : field,
    meantFunction(text),
  );
  return () => null;
}

/**
 * Compiles a path. The compiled function throws an EvaluationFailure if the path leads to no value.
 * @throws Error if the text isn't a path
 */
function compileRequired(text: string, key: string, reader: Reader): (data: StateData) => Json {
  const finder = finderOf(text, reader);
  return (data) => {
    const value = finder.find(data);
    if (value === undefined) throw runtimeFailure(notFound(text, key, data), 'States.ParameterPathFailure');
    return value;
  };
}

/**
 * Returns the error message for a path that leads to no value. Recorded from the live service: the message shows the
 * state's input, even if the path reads the context object.
 */
function notFound(text: string, key: string, { root }: StateData): string {
  return `The JSONPath '${text}' specified for the field '${key}' could not be found in the input '${JSON.stringify(root)}'`;
}
