import type { Reader } from '../definition/reader.js';
import { runtimeFailure } from '../expression/evaluation-failure.js';
import type { Expression, StateData } from '../expression/state-data.js';
import type { Json } from '../values/json.js';
import { compileIntrinsic } from './intrinsic-call.js';
import { compilePath } from './path.js';
import { compileTemplate } from './template.js';

/** A path in a field: what it finds, or undefined where it leads nowhere. */
interface Find {
  (data: StateData): Json | undefined;
  /** Why it found nothing. */
  explain(data: StateData): string;
}

const VARIABLE = /^\$([\p{L}_][\p{L}\p{N}_]*)/u;

/**
 * The path in a field of its own, such as `SecondsPath`. Null stands for an empty object.
 * @param absent what is said where it leads nowhere. @default what is missing, in the words of the service
 */
export function readPath(
  reader: Reader,
  field: string,
  absent?: (path: string) => string,
): ((data: StateData) => Json) | undefined {
  if (reader.has(field) && reader.source[field] === null) {
    reader.json(field);
    return () => ({});
  }
  const text = reader.string(field);
  if (text === undefined) return undefined;
  const find = compileFind(text, reader, field);
  return (data) => {
    const value = find(data);
    if (value !== undefined) return value;
    throw runtimeFailure(absent?.(text) ?? `Invalid path '${text}' : ${find.explain(data)}`);
  };
}

/** A path from the state's data (`$`), from the context object (`$$`), or from a variable (`$name`). */
export function compileFind(text: string, reader: Reader, field: string): Find {
  try {
    return findOf(text, reader);
  } catch (error) {
    reader.problem(`The value '${text}' is not a valid JSONPath: ${(error as Error).message}`, field);
    return Object.assign(() => null, { explain: () => '' });
  }
}

/** @throws Error where it is no path */
function findOf(text: string, { variables }: Reader): Find {
  const [root, name = ''] = VARIABLE.exec(text) ?? [];
  if (root !== undefined) {
    const path = compilePath(`$${text.slice(root.length)}`);
    variables.add(name);
    const find = (data: StateData): Json | undefined => {
      const value = data.environment.variables.get(name);
      return value === undefined ? undefined : path.read(value, data.environment.budget);
    };
    return Object.assign(find, { explain: () => `No results for path: ${text}` });
  }
  const ofContext = text.startsWith('$$');
  const path = compilePath(ofContext ? text.slice(1) : text);
  const rootOf = (data: StateData): Json => (ofContext ? data.context() : data.root);
  return Object.assign((data: StateData) => path.read(rootOf(data), data.environment.budget), {
    explain: (data: StateData) => path.explain(rootOf(data)).replace('$', ofContext ? '$$$$' : '$$'),
  });
}

export function readTemplate(reader: Reader, field: string): Expression | undefined {
  const source = reader.json(field);
  if (source === undefined) return undefined;
  return compileTemplate(source, {
    compile: (text, key) => compileField(text, key, reader, field),
    problem: (text) => reader.problem(text, field),
  });
}

/** A field of its own that holds a path or an intrinsic function: `ErrorPath`. */
export function readField(reader: Reader, field: string): ((data: StateData) => Json) | undefined {
  const text = reader.string(field);
  return text === undefined ? undefined : compileField(text, field, reader);
}

/** @param field where the template stands, of which `key` is the key; none for a field of its own */
function compileField(
  text: string,
  key: string,
  reader: Reader,
  field: string = key,
): (data: StateData) => Json {
  try {
    return text.startsWith('States.')
      ? compileIntrinsic(text, (path) => present(path, key, reader))
      : present(text, key, reader);
  } catch {
    reader.problem(
      `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
      field === key ? undefined : field,
    );
    return () => null;
  }
}

/** A path that must lead somewhere. @throws Error where it is no path */
function present(text: string, key: string, reader: Reader): (data: StateData) => Json {
  const find = findOf(text, reader);
  return (data) => {
    const value = find(data);
    if (value === undefined) throw runtimeFailure(missing(text, key, data), 'States.ParameterPathFailure');
    return value;
  };
}

/** Recorded: of a path into the context object too, the input that is shown is the state's. */
function missing(text: string, key: string, { root }: StateData): string {
  return `The JSONPath '${text}' specified for the field '${key}' could not be found in the input '${JSON.stringify(root)}'`;
}
