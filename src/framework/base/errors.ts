import { closest } from 'fastest-levenshtein';
import { relative, sep } from 'node:path';
import { inspect } from 'node:util';

/** What can be wrong before a worker runs. Stable: programs may match on it. */
export type ProblemCode =
  | 'CONFIG_UNKNOWN_KEY'
  | 'CONFIG_BAD_VALUE'
  | 'CONFIG_NOT_FOUND'
  | 'CONFIG_STALE'
  | 'COMPILER_NOT_FOUND'
  | 'ACTIVITY_STALE'
  | 'ACTIVITY_ORPHANED'
  | 'CONFIG_UNREADABLE'
  | 'ENDPOINT_INVALID'
  | 'ENDPOINT_UNSET_IN_PRODUCTION'
  | 'PORT_IN_USE'
  | 'NO_ACTIVITIES'
  | 'GLOB_MATCHES_NOTHING'
  | 'ACTIVITY_FILE_FAILED'
  | 'ACTIVITY_NOT_DECLARED'
  | 'ACTIVITY_REF_INVALID'
  | 'ACTIVITY_UNKNOWN'
  | 'ACTIVITIES_UNREACHABLE'
  | 'ENVIRONMENT_UNSET'
  | 'HANDLER_MISSING'
  | 'HANDLER_DUPLICATE'
  | 'HANDLER_MISPLACED'
  | 'HANDLER_NAME_TWICE'
  | 'HANDLER_OPTION_INVALID'
  | 'INPUT_TYPE_LOST'
  | 'INPUT_TYPE_INVALID'
  | 'INPUT_WITHOUT_RULES'
  | 'OUTPUT_TYPE_INVALID'
  | 'ERROR_NAME_RESERVED'
  | 'ERROR_NAME_INVALID'
  | 'DEPENDENCY_UNRESOLVED'
  | 'TWO_ACCOUNTS'
  | 'TWO_COPIES'
  | 'MACHINE_INVALID'
  | 'HEARTBEAT_TOO_SLOW'
  | 'POOL_TOO_SMALL'
  | 'MODULE_MISSING'
  | 'COMMAND_NOT_FOUND'
  | 'TEST_NAMES_NOBODY'
  | 'SETUP_FAILED';

/** One thing to mend. */
export interface Problem {
  readonly code: ProblemCode;
  /** The user's own name for the place: `HelloWorldActivity.hello`, a file, a config key. */
  readonly where: string;
  /** What is wrong: what was expected and what was found. */
  readonly what: string;
  /** What to do about it. */
  readonly fix: string;
}

/** Thrown before a worker runs, with everything that is wrong at once. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(describe(problems), options);
    this.problems = problems;
  }
}

function describe(problems: readonly Problem[]): string {
  const head = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`Stepwright cannot start: ${head}.`, ...problems.map(describeOne)].join('\n\n');
}

function describeOne({ code, where, what, fix }: Problem, index: number): string {
  const indent = (text: string): string => text.replaceAll('\n', '\n     ');
  return `  ${index + 1}. ${indent(where)}: ${indent(what)}\n     Fix: ${indent(fix)}\n     [${code}]`;
}

/** Throws a StartError if there are problems. */
export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new StartError(problems);
}

/** A file as a message names it: relative to the working directory where it lies in there, else whole. */
export function shownPath(file: string): string {
  const inside = relative(process.cwd(), file);
  return inside === '..' || inside.startsWith(`..${sep}`) ? file : inside;
}

/** An error of the service or the network, for a line: its stack would only show what it came through. */
export const showError = ({ name, message }: Error): string => `${name}: ${message}`;

/** Shows a value in a message as the user would have written it: `"20"` (string), `-1` (number). */
export function show(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'function') return `${value.name || 'anonymous'} (function)`;
  if (typeof value === 'bigint' || typeof value === 'symbol') return `${value.toString()} (${typeof value})`;
  if (typeof value === 'number') return `${value} (number)`;
  if (Array.isArray(value)) return `${write(value)} (array)`;
  return `${write(value)} (${typeof value})`;
}

/** A text without the user name and password of a URL in it. */
export const hideCredentials = (text: string): string => text.replaceAll(/:\/\/[^\s"']*@/g, '://***@');

/** JSON where it can be written, functions by their names, else as Node would show it; not more than fits a line. */
function write(value: unknown): string {
  const named = (_: string, each: unknown): unknown =>
    typeof each === 'function' ? `${each.name || 'anonymous'} (function)` : (each ?? String(each));
  try {
    if (isData(value)) return hideCredentials(JSON.stringify(value, named)).slice(0, 200);
  } catch {
    // It holds itself, or what JSON has no word for.
  }
  return hideCredentials(inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })).slice(0, 200);
}

/** Whether JSON shows all there is: a Map, for one, would look like an object without keys. */
const isData = (value: unknown): boolean =>
  typeof value !== 'object' || Array.isArray(value) || isPlainObject(value);

/** An object of keys and values, and nothing more: no Map, no Date, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // That of another realm is as good as ours.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What to write in place of a name that there is not: the nearest, and all there are. */
export function didYouMean(name: string, names: readonly string[]): string {
  if (names.length === 0) return 'there are none';
  const around = names.find((each) => name !== '' && each.includes(name));
  return `did you mean '${around ?? closest(name, [...names])}'? There are: ${names.join(', ')}`;
}
