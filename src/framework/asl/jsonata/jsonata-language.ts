import {
  type Bindings,
  contextOf,
  EvaluationFailure,
  type Expression,
  type StateData,
} from '../expression.js';
import { bareText, isObject, type Json, type JsonObject, setOwn } from '../values/json.js';
import {
  type Exit,
  type Flow,
  isNumberIn,
  type Language,
  readVariableNames,
} from '../definition/query-language.js';
import type { ExitOf, Reader } from '../definition/reader.js';
import { NO_TIMESTAMP, parseTimestamp } from '../values/functions.js';

/** The fields that states can have only in JSONPath. Measured at the live service. */
const FOREIGN =
  'InputPath OutputPath ResultPath ResultSelector Parameters Result ItemsPath MaxConcurrencyPath'.split(' ');

/** The query language JSONata. Arguments is evaluated before a state's work, Output and Assign after it. */
export const jsonataLanguage: Language = {
  name: 'JSONata',

  flow(reader, { arguments: takes, output = true, assign = true, selector: hasResult = false }): Flow {
    const given = takes === true ? readTemplate(reader, 'Arguments') : undefined;
    const exit = readExit(reader, hasResult ? 'work' : undefined, { output, assign });
    return {
      input: (data) => data,
      arguments: async (data) => {
        const value = await (given ? given(data) : data.input);
        data.see?.('afterArguments', value);
        return value;
      },
      output: (data) => (exit.output ? exit.output(data) : (data.result ?? null)),
      assign: (data) => exit.assign?.(data),
    };
  },

  catcher(reader): Exit {
    const { output, assign } = readExit(reader, 'catch');
    return {
      output: (data) => (output ? output(data) : (data.errorOutput ?? null)),
      assign: (data) => assign?.(data),
    };
  },

  integer(reader, field, rule) {
    const { min, max, fraction = false } = rule;
    const text = expressionOf(reader, field);
    if (text === undefined) {
      const fixed = reader.integer(field, min, max, fraction);
      return fixed === undefined ? undefined : () => fixed;
    }
    const source = { text, location: reader.locate(field) };
    const number = typed(reader, field, text, 'number', (value) => typeof value === 'number');
    return async (data) => {
      const value = await number(data);
      if (isNumberIn(value, rule)) return value;
      const what = fraction ? 'number' : 'integer';
      throw expressionFailure(
        source,
        `returned ${JSON.stringify(value)}, which is no ${what} from ${min} to ${max}`,
      );
    };
  },

  text: readText,

  timestamp(reader) {
    const text = readText(reader, 'Timestamp');
    if (!text) return undefined;
    const fixed = reader.source['Timestamp'];
    if (typeof fixed === 'string' && !fixed.startsWith('{%') && parseTimestamp(fixed) === undefined)
      reader.problem(NO_TIMESTAMP, 'Timestamp');
    return async (data) => {
      const value = bareText(await text(data));
      const ms = parseTimestamp(value);
      if (ms !== undefined) return ms;
      throw new EvaluationFailure(
        'States.QueryEvaluationError',
        `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${value}`,
        { location: 'Timestamp', afterEntry: true },
      );
    };
  },

  items(reader, orObject = false) {
    const text = expressionOf(reader, 'Items');
    const fits = (value: Json): boolean => Array.isArray(value) || (orObject && isObject(value));
    if (text !== undefined) return typed(reader, 'Items', text, 'array', fits);
    const fixed = reader.source['Items'];
    // A string with only one of `{%` and `%}` is reported as a bad expression, not here.
    if (fixed !== undefined && !fits(fixed) && !/^\{%|%\}$/.test(bareText(fixed)))
      reader.problem("Expected 'Items' to be an array or a JSONata expression", 'Items', 'write {% … %}');
    const template = readTemplate(reader, 'Items');
    if (template) return template;
    return ({ input }) => {
      if (fits(input)) return input;
      const reason = `Map state input must be an array but was: ${JSON.stringify(input)}`;
      throw new EvaluationFailure('States.QueryEvaluationError', reason);
    };
  },

  template: (reader, field) => readTemplate(reader, field),

  itemSelector: (reader) => readTemplate(reader, 'ItemSelector'),

  choiceRule(reader) {
    const text = expressionOf(reader, 'Condition');
    const fixed = text === undefined ? reader.boolean('Condition') : undefined;
    if (text === undefined && fixed === undefined) {
      reader.problem("The field 'Condition' must be a JSONata expression", 'Condition');
    }
    const isBoolean = (value: Json): boolean => typeof value === 'boolean';
    const condition =
      text === undefined ? () => fixed === true : typed(reader, 'Condition', text, 'boolean', isBoolean);
    return { test: async (data) => (await condition(data)) === true, exit: readExit(reader) };
  },

  foreign: FOREIGN,

  explainUnread: (field) =>
    field.endsWith('Path')
      ? `The field '${field}' belongs to JSONPath, and cannot stand in a JSONata state`
      : `The field '${field}' is not supported here`,
};

/**
 * Compiles Output and Assign.
 * @param of the owner of the fields, whose result or failure they can read. @default none
 */
function readExit(reader: Reader, of?: ExitOf, { output = true, assign = true } = {}): Partial<Exit> {
  const read = (field: string): Expression | undefined => {
    const template = readTemplate(reader, field, of);
    return of === 'work' || !template ? template : ({ result: _input, ...data }) => template(data);
  };
  const template = output ? read('Output') : undefined;
  if (assign) readVariableNames(reader);
  const variables = assign ? read('Assign') : undefined;
  return {
    ...(template && { output: template }),
    ...(variables && { assign: async (data: StateData) => (await variables(data)) as JsonObject }),
  };
}

function readText(reader: Reader, field: string): Expression | undefined {
  const text = expressionOf(reader, field);
  if (text !== undefined) return typed(reader, field, text, 'string', (value) => typeof value === 'string');
  const fixed = reader.string(field);
  return fixed === undefined ? undefined : () => fixed;
}

/** Returns the JSONata expression if the whole value of a field is one; undefined for any other value. */
function expressionOf(reader: Reader, field: string): string | undefined {
  const value = reader.source[field];
  const text = typeof value === 'string' ? sourceIn(value, reader, field) : undefined;
  if (text !== undefined) reader.json(field);
  return text;
}

/**
 * Returns the JSONata expression in a string of the form `{% … %}`; undefined for any other string, as one with
 * blanks around it (recorded). Adds a problem if only one of `{%` and `%}` is there. AWS page "Transforming data with
 * JSONata".
 */
function sourceIn(text: string, reader: Reader, field: string): string | undefined {
  if (text.startsWith('{%') !== text.endsWith('%}')) {
    const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
    reader.problem(`The JSONata expression ${shown} must begin with {% and end with %}`, field);
  }
  const isWhole = text.startsWith('{%') && text.endsWith('%}') && text.length >= 4;
  return isWhole ? text.slice(2, -2).trim() : undefined;
}

/**
 * Compiles an expression whose value must have a certain type. If it has another type, the error message is the one of
 * the live service.
 */
function typed(
  reader: Reader,
  field: string,
  text: string,
  expected: string,
  fits: (value: Json) => boolean,
): Expression {
  const source = { text, location: reader.locate(field) };
  if (reader.faults(text, source.location)) return () => null;
  return async (data) => {
    const [value = null] = await evaluateAll([source], data);
    if (fits(value)) return value;
    throw expressionFailure(
      source,
      `returned an unexpected result type. Expected '${expected}', but was '${typeOf(value)}' for value: ${JSON.stringify(value)}`,
    );
  };
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * Compiles a field whose value is JSON. Each string of the form `{% … %}` in the value, at any depth, is replaced by
 * the result of that expression.
 */
function readTemplate(reader: Reader, field: string, exitOf?: ExitOf): Expression | undefined {
  const template = reader.json(field);
  if (template === undefined) return undefined;
  const sources: Source[] = [];
  const fill = compilePart(template, reader.locate(field), (string, location) => {
    const text = sourceIn(string, reader, field);
    if (text === undefined || reader.faults(text, location, exitOf)) return undefined;
    const index = sources.push({ text, location }) - 1;
    return (results) => results[index] ?? null;
  });
  return fill ? async (data) => fill(await evaluateAll(sources, data)) : () => template;
}

/** Makes a value of the results of a template's expressions. */
type Fill = (results: readonly Json[]) => Json;

/**
 * Compiles a part of a template. Returns undefined if there is no expression in it.
 * @param compile does the same for a string
 */
function compilePart(
  source: Json,
  location: string,
  compile: (text: string, location: string) => Fill | undefined,
): Fill | undefined {
  if (typeof source === 'string') return compile(source, location);
  if (typeof source !== 'object' || source === null) return undefined;
  const isList = Array.isArray(source);
  const parts = Object.entries(source).map(([key, value]) => {
    const fill = compilePart(value, isList ? `${location}[${key}]` : `${location}/${key}`, compile);
    return { key, value, fill };
  });
  if (parts.every(({ fill }) => !fill)) return undefined;
  return (results) => {
    if (isList) return parts.map(({ value, fill }) => (fill ? fill(results) : value));
    const made: JsonObject = {};
    for (const { key, value, fill } of parts) setOwn(made, key, fill ? fill(results) : value);
    return made;
  };
}

/** A JSONata expression, and the field in which it is written, such as `Arguments/a[0]`. */
interface Source {
  readonly text: string;
  readonly location: string;
}

/** Creates the failure of an expression. @param reason the end of the message, after the expression and its field */
function expressionFailure({ text, location }: Source, reason: string): EvaluationFailure {
  const about = `The JSONata expression '${text}' specified for the field '${location}'`;
  return new EvaluationFailure('States.QueryEvaluationError', `${about} ${reason}`, { location });
}

/** Evaluates expressions one after another, and returns their results. Rejects with the first one's failure. */
async function evaluateAll(sources: readonly Source[], data: StateData): Promise<Json[]> {
  const texts = sources.map(({ text }) => text);
  const result = await data.environment.evaluateAll(texts, bindingsOf(texts.join('\n'), data));
  if ('texts' in result) return result.texts.map((text) => JSON.parse(text) as Json);
  const source = sources[result.failed];
  throw source ? expressionFailure(source, result.reason) : new Error(result.reason);
}

/** Matches `$states`, unless one of its fields follows at once. */
const ALL_FIELDS = /\$states(?!\.(?:input|result|context|errorOutput)\b)/;

/** Returns the values that expressions can read. Those that can't be among them are left out, since all are copied. */
function bindingsOf(texts: string, data: StateData): Bindings {
  const bindings: JsonObject = {};
  for (const [name, value] of Object.entries(data.environment.variables.all()))
    if (texts.includes(`$${name}`)) setOwn(bindings, name, value);
  if (!texts.includes('$states')) return bindings;
  const reads = ALL_FIELDS.test(texts) ? () => true : (field: string) => texts.includes(`$states.${field}`);
  const states: JsonObject = {};
  if (reads('input')) states['input'] = data.input;
  if (reads('context')) states['context'] = contextOf(data);
  if (data.result !== undefined && reads('result')) states['result'] = data.result;
  if (data.errorOutput !== undefined && reads('errorOutput')) states['errorOutput'] = data.errorOutput;
  return { ...bindings, states };
}
