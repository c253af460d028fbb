import type { Reader } from '../definition/reader.js';
import { runtimeFailure } from '../expression/evaluation-failure.js';
import type { Expression, StateData } from '../expression/state-data.js';
import type { Json } from '../values/json.js';
import { compileIntrinsic } from './intrinsic-call.js';
import { compilePath, type Path } from './path.js';
import { compileTemplate } from './template.js';

/** Returns the value at a path; undefined if the path leads to nothing. */
interface Finder {
  (data: StateData): Json | undefined;
  /** Returns the reason why the path leads to nothing, in the words of Step Functions. */
  explain(data: StateData): string;
}

const VARIABLE = /^\$([\p{L}_][\p{L}\p{N}_]*)/u;

/** Reads InputPath or OutputPath. The value null means an empty object. */
export function readDataPath(reader: Reader, field: string): ((data: StateData) => Json) | undefined {
  if (reader.source[field] !== null) return readPath(reader, field);
  reader.json(field);
  return () => ({});
}

/**
 * Reads a field that contains a path, such as `SecondsPath`.
 * @param absent returns the message for a path that leads to nothing. @default Step Functions' message, which names
 * what is missing
 */
export function readPath(
  reader: Reader,
  field: string,
  absent?: (path: string) => string,
): ((data: StateData) => Json) | undefined {
  const text = reader.string(field);
  if (text === undefined) return undefined;
  const find = compileFinder(text, reader, field);
  return (data) => {
    const value = find(data);
    if (value !== undefined) return value;
    throw runtimeFailure(absent?.(text) ?? `Invalid path '${text}' : ${find.explain(data)}`);
  };
}

/** Compiles a path that begins in the state's data (`$`), in the context object (`$$`), or in a variable (`$name`). */
export function compileFinder(text: string, reader: Reader, field: string): Finder {
  try {
    return finderOf(text, reader);
  } catch (error) {
    reader.problem(`The value '${text}' is not a valid JSONPath: ${(error as Error).message}`, field);
    return Object.assign(() => null, { explain: () => '' });
  }
}

/** Compiles a path like `compileFinder`. @throws Error if the text isn't a path */
function finderOf(text: string, { variables }: Reader): Finder {
  const [root, name = ''] = VARIABLE.exec(text) ?? [];
  if (root === undefined) return text.startsWith('$$') ? findInContext(text) : findInData(text);
  const path = compilePath(`$${text.slice(root.length)}`);
  variables.add(name);
  return findInVariable(name, path, text);
}

function findInVariable(name: string, path: Path, text: string): Finder {
  const find = ({ environment }: StateData): Json | undefined => {
    const value = environment.variables.get(name);
    return value === undefined ? undefined : path.read(value, environment.budget);
  };
  return Object.assign(find, { explain: () => `No results for path: ${text}` });
}

function findInContext(text: string): Finder {
  const path = compilePath(text.slice(1));
  const find = (data: StateData): Json | undefined => path.read(data.context(), data.environment.budget);
  const explain = (data: StateData): string => path.explain(data.context()).replace('$', () => '$$');
  return Object.assign(find, { explain });
}

function findInData(text: string): Finder {
  const path = compilePath(text);
  const find = ({ root, environment }: StateData): Json | undefined => path.read(root, environment.budget);
  return Object.assign(find, { explain: ({ root }: StateData) => path.explain(root) });
}

export function readTemplate(reader: Reader, field: string): Expression | undefined {
  const source = reader.json(field);
  if (source === undefined) return undefined;
  return compileTemplate(source, {
    compile: (text, key) => compileField(text, key, reader, field),
    problem: (text) => reader.problem(text, field),
  });
}

/** Reads a field that contains a path or an intrinsic function, such as `ErrorPath`. */
export function readField(reader: Reader, field: string): ((data: StateData) => Json) | undefined {
  const text = reader.string(field);
  return text === undefined ? undefined : compileField(text, field, reader);
}

/**
 * Compiles the path or the intrinsic function in a key.
 * @param field the field with the template in which the key is. @default the key is itself a field
 */
function compileField(
  text: string,
  key: string,
  reader: Reader,
  field: string = key,
): (data: StateData) => Json {
  try {
    return text.startsWith('States.')
      ? compileIntrinsic(text, (path) => compileRequired(path, key, reader))
      : compileRequired(text, key, reader);
  } catch {
    reader.problem(
      `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
      field === key ? undefined : field,
    );
    return () => null;
  }
}

/**
 * Compiles a path. The returned function throws an EvaluationFailure if the path leads to nothing.
 * @throws Error if the text isn't a path
 */
function compileRequired(text: string, key: string, reader: Reader): (data: StateData) => Json {
  const find = finderOf(text, reader);
  return (data) => {
    const value = find(data);
    if (value === undefined) throw runtimeFailure(notFound(text, key, data), 'States.ParameterPathFailure');
    return value;
  };
}

/**
 * Returns the message for a path that leads to nothing. Recorded from the live service: the message shows the state's
 * input even if the path begins in the context object.
 */
function notFound(text: string, key: string, { root }: StateData): string {
  return `The JSONPath '${text}' specified for the field '${key}' could not be found in the input '${JSON.stringify(root)}'`;
}
