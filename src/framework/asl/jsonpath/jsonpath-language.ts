import {
  type Exit,
  type Flow,
  isNumberIn,
  type Language,
  readVariableNames,
} from '../definition/query-language.js';
import type { FlowFields, Stage } from '../kinds.js';
import type { Reader } from '../definition/reader.js';
import {
  EvaluationFailure,
  type Expression,
  runtimeFailure,
  soon,
  type Soon,
  type StateData,
} from '../expression.js';
import { bareText, getOwn, isObject, type Json, type JsonObject, setOwn } from '../values/json.js';
import { NO_TIMESTAMP, parseTimestamp } from '../values/functions.js';
import { compileRule } from './choice-rule.js';
import { readDataPath, readField, readPath, readTemplate } from './fields.js';
import { referenceSteps } from './path.js';

/**
 * The query language JSONPath, with paths and payload templates. InputPath is applied before a state's work, ResultPath
 * and OutputPath after it.
 */
export const jsonPath: Language = {
  name: 'JSONPath',

  flow(reader, parts): Flow {
    const { arguments: takes, result, selector: selects, output = true, assign = true } = parts;
    const inputPath = output ? readDataPath(reader, 'InputPath') : undefined;
    const parameters = takes ? readTemplate(reader, 'Parameters') : undefined;
    if (selects) reader.object('ResultSelector');
    const selector = selects ? readTemplate(reader, 'ResultSelector') : undefined;
    const exit = readExit(reader, { result, output, assign });
    return {
      input: (data) => (inputPath ? { ...data, root: inputPath(data) } : data),
      arguments: (data) => seen(data, 'afterParameters', parameters ? parameters(data) : data.root),
      output: (data) =>
        soon(selector ? applySelector(selector, data) : data, (selected) => {
          data.see?.('afterResultSelector', selected.result ?? null);
          return exit.output(selected);
        }),
      assign: (data) => exit.assign(data),
    };
  },

  catcher(reader): Exit {
    const { output, assign } = readExit(reader, { result: true, output: false });
    const seen = (data: StateData): StateData => ({ ...data, result: data.errorOutput ?? null });
    return { output: (data) => output(seen(data)), assign: (data) => assign(seen(data)) };
  },

  integer(reader, field, rule) {
    const { min, max, fraction, inText = false, absent, wrong } = rule;
    reader.exclusive(field, `${field}Path`);
    const fixed = reader.integer(field, min, max, fraction);
    const path = readPath(reader, `${field}Path`, absent);
    if (!path) return fixed === undefined ? undefined : () => fixed;
    const text = bareText(reader.source[`${field}Path`] ?? null);
    return (data) => {
      const found = path(data);
      const value = inText && typeof found === 'string' && NUMBER.test(found) ? Number(found) : found;
      if (isNumberIn(value, rule)) return value;
      throw runtimeFailure(
        wrong?.(text, found) ??
          `Expected the value of '${field}Path' to be an integer from ${min} to ${max}, got ${JSON.stringify(found)}.`,
      );
    };
  },

  text(reader, field) {
    reader.exclusive(field, `${field}Path`);
    const fixed = reader.string(field);
    const part = readField(reader, `${field}Path`);
    if (!part) return fixed === undefined ? undefined : () => fixed;
    return (data) => {
      const value = part(data);
      if (typeof value === 'string') return value;
      throw runtimeFailure(
        `Expected the value of '${field}Path' to be a string, got ${JSON.stringify(value)}.`,
      );
    };
  },

  timestamp(reader) {
    reader.exclusive('Timestamp', 'TimestampPath');
    const fixed = readTimestamp(reader);
    const path = readPath(reader, 'TimestampPath');
    if (!path) return fixed === undefined ? undefined : () => fixed;
    const text = bareText(reader.source['TimestampPath'] ?? null);
    return (data) => {
      const value = path(data);
      const ms = typeof value === 'string' ? parseTimestamp(value) : undefined;
      if (ms !== undefined) return ms;
      throw runtimeFailure(
        `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${text} == ${bareText(value)}`,
      );
    };
  },

  items(reader, orObject = false) {
    const path = readPath(reader, 'ItemsPath');
    const shown = JSON.stringify(reader.source['ItemsPath'] ?? '$').replace(/^"\$\$/, '"$');
    return (data) => {
      const items = path ? path(data) : data.root;
      if (Array.isArray(items) || (orObject && isObject(items))) return items;
      throw runtimeFailure(`Reference path ${shown} must point to array.`);
    };
  },

  template: readTemplate,

  itemSelector(reader) {
    reader.exclusive('Parameters', 'ItemSelector');
    const both = readTemplate(reader, 'ItemSelector');
    return readTemplate(reader, 'Parameters') ?? both;
  },

  choiceRule(reader) {
    const test = compileRule(reader);
    return { test, exit: { assign: readExit(reader, {}).assign } };
  },

  foreign: ['Output', 'Arguments', 'Items'],

  explainUnread: (field) => `The field '${field}' is not supported here`,
};

/** Matches a number in a string. */
const NUMBER = /^-?\d+(?:\.\d+)?$/;

function readTimestamp(reader: Reader): number | undefined {
  const text = reader.string('Timestamp');
  if (text === undefined) return undefined;
  const ms = parseTimestamp(text);
  if (ms === undefined) reader.problem(NO_TIMESTAMP, 'Timestamp');
  return ms ?? 0;
}

/** Returns a value, and reports it to the test of the state. */
const seen = (data: StateData, stage: Stage, value: Soon<Json>): Soon<Json> =>
  soon(value, (settled) => {
    data.see?.(stage, settled);
    return settled;
  });

function applySelector(selector: Expression, data: StateData): Soon<StateData> {
  return soon(selector({ ...data, root: data.result ?? null }), (result) => ({ ...data, result }));
}

function readExit(reader: Reader, { result, output, assign = true }: FlowFields): Exit {
  const combine = result ? readResultPath(reader) : undefined;
  const outputPath = output ? readDataPath(reader, 'OutputPath') : undefined;
  const variables = assign ? readAssign(reader) : undefined;
  return {
    output: (data) => {
      const combined = combine ? combine(data) : (data.result ?? null);
      data.see?.('afterResultPath', combined);
      return outputPath ? outputPath({ ...data, root: combined }) : combined;
    },
    assign: (data) => variables && (variables({ ...data, root: data.result ?? null }) as Soon<JsonObject>),
  };
}

/**
 * Compiles ResultPath, which says what becomes of the result. `$`: it replaces the input. null: it is dropped, and the
 * input is kept. A path: it is put into the input at that place.
 */
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

/**
 * Returns a copy of `target` with `value` at the given path. Objects that are missing on the way are created, but in a
 * list only an existing index can be set. AWS page "Specifying state output using ResultPath".
 * @returns undefined if `target` has another type of value on the path
 */
function putResult(target: Json, steps: readonly (string | number)[], value: Json): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    if (!Array.isArray(target) || !(step in target)) return undefined;
    const inner = putResult(target[step] ?? {}, rest, value);
    return inner === undefined ? undefined : target.with(step, inner);
  }
  if (!isObject(target)) return undefined;
  const inner = putResult(getOwn(target, step) ?? {}, rest, value);
  if (inner === undefined) return undefined;
  const copy: JsonObject = { ...target };
  setOwn(copy, step, inner);
  return copy;
}
