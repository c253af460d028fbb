import type { Clock } from '../../base/time/clock.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { ServiceError } from '../engine/service-error.js';
import type { WorkerSource } from '../console/topics/workers.js';
import { meantName, proposal, show } from '../../base/show.js';
import { isObject } from '../../asl/values/json.js';
import { jsonMistake } from '../../asl/values/json-scan.js';

/** The objects that a call of a tool works with if it needs no service. */
export interface ProjectCall {
  /**
   * Compares the classes of a project with its state machines, and returns the findings as text. Undefined if there is no
   * project.
   */
  readonly checkProject: (() => Promise<string>) | undefined;
}

/** The objects that a call of a tool works with. */
export interface ToolCall extends ProjectCall {
  readonly stepFunctions: StepFunctions;
  readonly workers: WorkerSource;
  readonly waits: Waits;
  /** Aborts when the client no longer waits for the result. */
  readonly signal: AbortSignal;
  /**
   * Runs an operation of the API.
   * @throws ServiceError
   */
  readonly call: <T>(operation: string, body: object) => Promise<T>;
}

/** A tool as `tools/list` returns it. */
export interface ToolListing {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
  readonly annotations: object;
}

export interface ToolResult {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly isError?: true;
}

export interface Tool<Parts = ToolCall> {
  readonly listing: ToolListing;
  /** Runs the tool. The mistakes of the caller are results. @throws any other error */
  readonly run: (given: unknown, parts: Parts) => Promise<ToolResult>;
}

/** The hints of a tool to the client: it changes nothing, or it may end something. @default it changes something */
type Effect = 'reads' | 'ends';

/** Makes a tool of its fields and the function that returns its text. */
export function tool<F extends Arguments, Parts = ToolCall>(
  name: string,
  description: string,
  fields: F,
  act: (given: Given<F>, parts: Parts) => string | Promise<string>,
  effect?: Effect,
): Tool<Parts> {
  return {
    listing: {
      name,
      description,
      inputSchema: schemaOf(fields),
      annotations: {
        readOnlyHint: effect === 'reads',
        destructiveHint: effect === 'ends',
        openWorldHint: false,
      },
    },
    run: (given, parts) => resultOf(async () => act(readArguments(fields, given) as Given<F>, parts)),
  };
}

/** Returns the text of a function as a result, and its mistakes as a result too. */
async function resultOf(text: () => Promise<string>): Promise<ToolResult> {
  try {
    return textResult(await text());
  } catch (error) {
    if (error instanceof ToolError) return failed(error.message);
    if (error instanceof ServiceError) return failed(`${error.type}: ${error.message}`);
    throw error;
  }
}

const textResult = (text: string): ToolResult => ({ content: [{ type: 'text', text }] });

export const failed = (text: string): ToolResult => ({ ...textResult(excerpt(text)), isError: true });

/** An argument of a tool, as JSON Schema. Without a `type` it is any JSON; a string is then read as JSON text. */
interface Argument {
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
  description: 'First character to return of a long text',
} as const;

type Arguments = Readonly<Record<string, Argument>>;

type ValueOf<F extends Argument> = F extends { readonly type: 'integer' }
  ? number
  : F extends { readonly type: 'boolean' }
    ? boolean
    : F extends { readonly enum: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The arguments of a call. A field without a type is JSON text. */
type Given<F extends Arguments> = {
  readonly [K in keyof F]: F[K] extends { readonly required: true }
    ? ValueOf<F[K]>
    : ValueOf<F[K]> | undefined;
};

/** Returns the JSON Schema of the arguments. */
function schemaOf(fields: Arguments): object {
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
function readArguments(fields: Arguments, given: unknown): Readonly<Record<string, unknown>> {
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
  const close = meantName(name, names);
  const fix = close === undefined ? `the arguments are ${names.join(', ')}` : proposal(close);
  return `there is no argument ${show(name)}: ${fix}`;
}

function mistakeIn({ type, enum: choices, minimum, maximum }: Argument, value: unknown): string | undefined {
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

/** The most characters of one result, with its last line. A model reads all of it. */
const RESULT = 8_000;
/** The most characters of a result that is a document, which was asked for by its name. */
export const DOCUMENT = 24_000;
/** The room for the last line, which says how to get the rest. */
const LAST_LINE = 400;

export const SAME_CALL = 'the same call';

interface ExcerptOptions {
  /** The index of the first character. @default 0 */
  readonly from?: number | undefined;
  /** The call that returns the rest, without `from`. @default no call does */
  readonly again?: string;
  /** The most characters, with the last line. @default 8,000 */
  readonly most?: number;
}

/**
 * Returns the part of a text that one result can have. If it isn't the end, a last line says how to get the rest.
 * @param text the text, or its lines, of which only those that are needed are taken
 * @throws ToolError if `from` is behind the end
 */
export function excerpt(
  text: string | Iterable<string>,
  { from = 0, again, most = RESULT }: ExcerptOptions = {},
): string {
  const limit = most - LAST_LINE;
  let part = '';
  let length = 0;
  let separator = '';
  for (const each of typeof text === 'string' ? [text] : text) {
    const line = `${separator}${each}`;
    const start = Math.max(from - length, 0);
    part += line.slice(start, start + limit + 1 - part.length);
    length += line.length;
    separator = '\n';
    if (part.length > limit) break;
  }
  if (from > 0 && part === '')
    throw new ToolError(`'from' is behind the end: the text has ${length} characters`);
  if (part.length <= limit) return part;
  const shown = part.slice(0, endOfLine(part, limit));
  const rest = again === undefined ? '' : ` The rest: ${again} with from: ${from + shown.length}.`;
  return `${shown.trimEnd()}\n[Cut after ${shown.length} characters.${rest}]`;
}

/** Returns the index behind the last line that fits; that behind the last character that fits if a line is too long. */
function endOfLine(part: string, limit: number): number {
  const end = part.lastIndexOf('\n', limit - 1) + 1;
  return end > limit / 2 ? end : limit;
}

/** A mistake in the call of a tool, or a thing that it names and that isn't there. Its message proposes the fix. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** The most calls that may wait at the same time. */
const WAIT_LIMIT = 32;
/** The longest wait of one call, in seconds. Clients give up a call after a minute. */
export const LONGEST_WAIT_SECONDS = 50;
const CHECK_EVERY_MS = 50;

/** The waits of all calls. While WAIT_LIMIT calls wait, another one returns what it finds at once. */
export class Waits {
  #waiting = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Calls `find` until it returns a value, the time is over, or `signal` aborts.
   * @returns what `find` has returned last
   */
  async until<T>(find: () => T | undefined, seconds: number, signal: AbortSignal): Promise<T | undefined> {
    let found = find();
    if (found !== undefined || this.#waiting >= WAIT_LIMIT) return found;
    const deadline = this.clock.now() + seconds * 1000;
    this.#waiting++;
    try {
      for (let left = seconds * 1000; found === undefined && left > 0; left = deadline - this.clock.now()) {
        await this.clock.sleep(Math.min(CHECK_EVERY_MS, left), signal);
        if (signal.aborted) break;
        found = find();
      }
    } finally {
      this.#waiting--;
    }
    return found;
  }
}
