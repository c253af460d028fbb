import { compileRule } from './choice-rule.js';
import { EvaluationFailure, runtimeFailure } from '../errors/failure.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Exit, Flow, FlowParts, Language } from '../definition/language.js';
import { compilePath, referenceSteps } from './path.js';
import { compileIntrinsic } from './intrinsic-call.js';
import { putResult } from './result-path.js';
import type { Reader } from '../definition/reader.js';
import { compileTemplate } from './template.js';
import { readVariableNames } from '../runtime/variables.js';
import type { Expression, StateData } from '../runtime/state-data.js';

/** A path in a field: what it finds, or undefined where it leads nowhere. */
interface Find {
  (data: StateData): Json | undefined;
  /** The path as messages show it. */
  readonly normal: string;
}

const VARIABLE = /^\$([\p{L}_][\p{L}\p{N}_]*)/u;

/** The query language of paths and payload templates, with InputPath, ResultPath and OutputPath around the work. */
export const jsonPath: Language = {
  name: 'JSONPath',

  flow(reader, parts): Flow {
    const { arguments: takes, result, selector: selects, output = true, assign = true } = parts;
    const inputPath = output ? readPath(reader, 'InputPath') : undefined;
    const parameters = takes ? readTemplate(reader, 'Parameters') : undefined;
    const selector = selects ? readTemplate(reader, 'ResultSelector') : undefined;
    const exit = readExit(reader, { result, output, assign });
    return {
      input: (data) => (inputPath ? { ...data, root: inputPath(data) } : data),
      arguments: (data) => (parameters ? parameters(data) : data.root),
      output: async (data) => exit.output(selector ? await applySelector(selector, data) : data),
      assign: (data) => exit.assign(data),
    };
  },

  catcher(reader): Exit {
    const { output, assign } = readExit(reader, { result: true, output: false });
    const seen = (data: StateData): StateData => ({ ...data, result: data.errorOutput ?? null });
    return { output: (data) => output(seen(data)), assign: (data) => assign(seen(data)) };
  },

  integer(reader, field, min, max) {
    const fixed = reader.integer(field, min, max);
    const path = readPath(reader, `${field}Path`);
    if (!path) return fixed === undefined ? undefined : () => fixed;
    return (data) => {
      const value = path(data);
      if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return value;
      throw runtimeFailure(
        `Expected the value of '${field}Path' to be an integer from ${min} to ${max}, got ${JSON.stringify(value)}.`,
      );
    };
  },

  text(reader, field) {
    const fixed = reader.string(field);
    const path = readPath(reader, `${field}Path`);
    if (!path) return fixed === undefined ? undefined : () => fixed;
    return (data) => {
      const value = path(data);
      if (typeof value === 'string') return value;
      throw runtimeFailure(
        `Expected the value of '${field}Path' to be a string, got ${JSON.stringify(value)}.`,
      );
    };
  },

  items(reader) {
    const path = readPath(reader, 'ItemsPath');
    return (data) => {
      const items = path ? path(data) : data.root;
      if (Array.isArray(items)) return items;
      const text = JSON.stringify(reader.source['ItemsPath'] ?? '$');
      throw runtimeFailure(`Reference path ${text} must point to array.`);
    };
  },

  itemSelector: (reader) => readTemplate(reader, reader.has('Parameters') ? 'Parameters' : 'ItemSelector'),

  choiceRule(reader) {
    const test = compileRule(reader);
    return { test, exit: { assign: readExit(reader, {}).assign } };
  },

  explainUnread: (field) => `The field '${field}' is not supported here`,
};

/** The path in a field of its own, such as `SecondsPath`. Null stands for an empty object. */
export function readPath(reader: Reader, field: string): ((data: StateData) => Json) | undefined {
  if (reader.has(field) && reader.source[field] === null) {
    reader.json(field);
    return () => ({});
  }
  const text = reader.string(field);
  if (text === undefined) return undefined;
  const find = compileFind(text, reader, field);
  return (data) => {
    const value = find(data);
    if (value === undefined)
      throw runtimeFailure(`Invalid path '${text}' : No results for path: ${find.normal}`);
    return value;
  };
}

/** A path from the state's data (`$`), from the context object (`$$`), or from a variable (`$name`). */
export function compileFind(text: string, reader: Reader, field: string): Find {
  try {
    const [root, name = ''] = VARIABLE.exec(text) ?? [];
    if (root !== undefined) {
      const path = compilePath(`$${text.slice(root.length)}`);
      return find(text, ({ variables }) => {
        const value = variables.get(name);
        return value === undefined ? undefined : path.read(value);
      });
    }
    if (text.startsWith('$$')) {
      const path = compilePath(text.slice(1));
      return find(`$${path.normal}`, (data) => path.read(data.context()));
    }
    const path = compilePath(text);
    return find(path.normal, (data) => path.read(data.root));
  } catch (error) {
    reader.problem(`The value '${text}' is not a valid JSONPath: ${(error as Error).message}`, field);
    return find(text, () => null);
  }
}

function find(normal: string, read: (data: StateData) => Json | undefined): Find {
  return Object.assign(read, { normal });
}

export function readTemplate(reader: Reader, field: string): Expression | undefined {
  const source = reader.json(field);
  if (source === undefined) return undefined;
  return compileTemplate(source, reader, (text, key) => compileField(text, key, reader, field));
}

function compileField(text: string, key: string, reader: Reader, field: string): (data: StateData) => Json {
  if (text.startsWith('States.')) return readIntrinsic(text, key, reader, field);
  if (text.startsWith('$')) return present(text, key, reader, field);
  reader.problem(`The value of the field '${key}' must be a valid JSONPath or an intrinsic function`, field);
  return () => null;
}

/** A path that must lead somewhere. */
function present(text: string, key: string, reader: Reader, field: string): (data: StateData) => Json {
  const find = compileFind(text, reader, `${field}/${key}`);
  return (data) => {
    const value = find(data);
    if (value === undefined) throw runtimeFailure(missing(text, key, data), 'States.ParameterPathFailure');
    return value;
  };
}

function readIntrinsic(text: string, key: string, reader: Reader, field: string): (data: StateData) => Json {
  try {
    return compileIntrinsic(text, (path) => present(path, key, reader, field));
  } catch (error) {
    reader.problem(
      `The value of the field '${key}' is not a valid intrinsic: ${(error as Error).message}`,
      field,
    );
    return () => null;
  }
}

function missing(text: string, key: string, data: StateData): string {
  const input = JSON.stringify(text.startsWith('$$') ? data.context() : data.root);
  return `The JSONPath '${text}' specified for the field '${key}' could not be found in the input '${input}'`;
}

async function applySelector(selector: Expression, data: StateData): Promise<StateData> {
  return { ...data, result: await selector({ ...data, root: data.result ?? null }) };
}

function readExit(reader: Reader, { result, output, assign = true }: FlowParts): Exit {
  const place = result ? readResultPath(reader) : undefined;
  const outputPath = output ? readPath(reader, 'OutputPath') : undefined;
  const variables = assign ? readAssign(reader) : undefined;
  return {
    output: (data) => {
      const combined = place ? place(data) : (data.result ?? null);
      return outputPath ? outputPath({ ...data, root: combined }) : combined;
    },
    assign: async (data) =>
      variables && ((await variables({ ...data, root: data.result ?? null })) as JsonObject),
  };
}

/** What becomes of the result: it replaces the input, is dropped for it, or is put into it. */
function readResultPath(reader: Reader): (data: StateData) => Json {
  const result = (data: StateData): Json => data.result ?? null;
  if (reader.json('ResultPath') === null) return (data) => data.input;
  const text = reader.string('ResultPath') ?? '$';
  if (text === '$') return result;
  try {
    const steps = referenceSteps(text);
    return (data) => {
      const made = putResult(data.input, steps, result(data));
      if (made !== undefined) return made;
      throw new EvaluationFailure('States.ResultPathMatchFailure', unmatched(text, data));
    };
  } catch (error) {
    reader.problem(
      `The value '${text}' is not a valid Reference Path: ${(error as Error).message}`,
      'ResultPath',
    );
    return result;
  }
}

function unmatched(text: string, { input }: StateData): string {
  return `Unable to apply step "${text.slice(2)}" to input ${JSON.stringify(input)}`;
}

function readAssign(reader: Reader): Expression | undefined {
  readVariableNames(reader);
  return readTemplate(reader, 'Assign');
}
