import { show } from '../../base/show.js';
import { didYouMean, nearest } from '../asl/definition/reader.js';
import { isObject } from '../asl/values/json.js';
import { jsonMistake } from '../asl/values/json-scan.js';
import { ToolError } from './tool-error.js';

/** An argument of a tool, as JSON Schema. Without a `type` it is any JSON; a string is then read as JSON text. */
export interface Field {
  readonly type?: 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: true;
}

/** The argument of tools whose text may be too long for one result. */
export const FROM = {
  type: 'integer',
  description: 'Index of the first character, for the rest of a long text',
} as const;

export type Fields = Readonly<Record<string, Field>>;

type ValueOf<F extends Field> = F extends { readonly type: 'integer' }
  ? number
  : F extends { readonly type: 'boolean' }
    ? boolean
    : F extends { readonly enum: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The arguments of a call. A field without a type is JSON text. */
export type Given<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends { readonly required: true }
    ? ValueOf<F[K]>
    : ValueOf<F[K]> | undefined;
};

/** Returns the JSON Schema of the arguments. */
export function schemaOf(fields: Fields): object {
  const required: string[] = [];
  const properties = Object.entries(fields).map(([name, { required: isRequired, ...schema }]) => {
    if (isRequired) required.push(name);
    return [name, schema] as const;
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** Reads the arguments of a call. @throws ToolError that names every mistake in them */
export function readArguments(fields: Fields, given: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(given)) throw new ToolError(`the arguments are not an object: got ${show(given)}`);
  const names = Object.keys(fields);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(fields, name));
  const mistakes = unknown.map((name) => unknownArgument(name, names));
  const values = names.map((name) => {
    const field = fields[name];
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (!field || value === undefined || (value === null && field.type !== undefined)) {
      if (field?.required) mistakes.push(`'${name}' is missing: ${field.description}`);
      return [name, undefined];
    }
    const mistake = field.type === undefined ? mistakeInJson(value) : mistakeIn(field, value);
    if (mistake !== undefined) mistakes.push(`'${name}' ${mistake}`);
    return [name, field.type === undefined && typeof value !== 'string' ? JSON.stringify(value) : value];
  });
  if (mistakes.length > 0) throw new ToolError(mistakes.join('\n'));
  return Object.fromEntries(values) as Record<string, unknown>;
}

function unknownArgument(name: string, names: readonly string[]): string {
  const close = nearest(name, names);
  const fix = close === undefined ? `the arguments are ${names.join(', ')}` : didYouMean(close);
  return `there is no argument ${show(name)}: ${fix}`;
}

function mistakeIn({ type, enum: choices, minimum, maximum }: Field, value: unknown): string | undefined {
  const got = `got ${show(value)}`;
  if (choices) {
    if (choices.some((each) => each === value)) return undefined;
    return `is one of ${choices.join(', ')}: ${got}`;
  }
  if (type !== 'integer') return typeof value === type ? undefined : `is a ${type}: ${got}`;
  const [least, most] = [minimum ?? 0, maximum ?? Number.MAX_SAFE_INTEGER];
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return undefined;
  return `is a whole number${maximum === undefined ? '' : ` from ${least} to ${most}`}: ${got}`;
}

function mistakeInJson(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    JSON.parse(value);
    return undefined;
  } catch (error) {
    return `is text that is not JSON: ${jsonMistake(value)?.message ?? (error as Error).message}. A string is written "\\"text\\"", or give the value itself`;
  }
}
