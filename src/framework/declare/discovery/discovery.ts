import { closest } from 'fastest-levenshtein';
import type { Problem } from '../../base/errors.js';
import { show } from '../../base/show.js';
import { ERROR_LIMIT } from '../../base/size.js';
import { parseActivities } from './activity-ref.js';
import { conflictProblems } from './conflicts.js';
import { renamedKeyProblems } from './renamed-keys.js';
import type { ActivityRef, HandlerDefinition } from '../definition.js';
import type { Constructor } from '../class.js';
import { isReserved } from '../activity-failure.js';
import { nestedShapes } from '../dto/dto-shape.js';
import { type MethodRef, readInput, readOutput } from '../dto/input-type.js';
import {
  allErrorNames,
  type DeclaredActivity,
  type DeclaredHandler,
  readActivity,
  readHandlers,
} from '../metadata.js';
import {
  ACTIVITY_OPTIONS,
  type ActivityOptions,
  HANDLE_OPTIONS,
  type HandleOptions,
  HANDLER_OPTIONS,
  type HandlerOptions,
} from '../handler-options.js';
import { checkAgainst, durationsFor, type Rule } from '../option-rules.js';

interface Discovered {
  /** The handlers that have no problem. */
  readonly handlers: HandlerDefinition[];
  readonly problems: Problem[];
}

interface DiscoverOptions {
  /**
   * Accepts an activity in which a variable `${NAME}` is unset. A test bed (a worker in unit tests) sets this, since it
   * connects to no service. @default false
   */
  readonly allowUnset?: boolean;
  /** The file from which each class was loaded. Messages show it. @default none */
  readonly fileOf?: ReadonlyMap<Constructor, string>;
}

/**
 * Reads the decorators of each class once, and finds all mistakes that can be found without making an instance of the
 * class.
 */
export function discover(
  classes: readonly Constructor[],
  env: NodeJS.ProcessEnv,
  { allowUnset = false, fileOf = new Map() }: DiscoverOptions = {},
): Discovered {
  const found = [...new Set(classes)].map((target) => readClass(target, env, allowUnset));
  const handlers = found.flatMap((each) => each.handlers);
  return {
    handlers,
    problems: [
      ...found.flatMap((each) => each.problems),
      ...conflictProblems(handlers, fileOf),
      ...errorNameProblems(),
      ...renamedKeyProblems([...classes.filter(isClass), ...handlers.flatMap(dtosOf)]),
    ],
  };
}

const isClass = (type: unknown): boolean => typeof type === 'function';

/** Returns the classes of a handler's input and output, with the classes nested in them. */
const dtosOf = ({ input, output, groups }: HandlerDefinition): Constructor[] =>
  [input, output].flatMap((spec) =>
    spec && 'type' in spec && typeof spec.type === 'function'
      ? Array.from(nestedShapes(spec.type, groups), ({ type }) => type)
      : [],
  );

function readClass(target: Constructor, env: NodeJS.ProcessEnv, allowUnset: boolean): Discovered {
  const mark = typeof target === 'function' ? readActivity(target) : undefined;
  if (!mark) return { handlers: [], problems: [notDeclared(target)] };
  const activity = target as Constructor<object>;
  const marks = readHandlers(activity);
  const methods = marks.map((each) => readMethod(activity, mark, each, env, allowUnset));
  const refused = optionProblems('Activity', activity.name, mark.options);
  return {
    handlers: refused.length > 0 ? [] : methods.flatMap(({ handlers }) => handlers),
    problems: [
      ...(marks.length === 0 ? [withoutHandler(activity)] : []),
      ...refused,
      ...methods.flatMap(({ problems }) => problems),
    ],
  };
}

function notDeclared(target: unknown): Problem {
  const where = typeof target === 'function' ? target.name || 'a class without a name' : show(target);
  const name = typeof target === 'function' && target.name ? target.name : 'Name';
  return {
    code: 'ACTIVITY_NOT_DECLARED',
    where,
    what: 'it is listed in `activities`, but is no class that has @Activity',
    fix: `write @Activity('${name}') above the class, or remove it from the list`,
  };
}

function withoutHandler(target: Constructor): Problem {
  return {
    code: 'HANDLER_MISSING',
    where: target.name,
    what: 'it has @Activity, but none of its methods has @Handle, so nothing would take its tasks',
    fix: 'write @Handle() above the method that takes the tasks',
  };
}

/** Reads a method with `@Handle`: a handler for each of its activities. */
function readMethod(
  target: Constructor<object>,
  mark: DeclaredActivity,
  { method, options, misplaced }: DeclaredHandler,
  env: NodeJS.ProcessEnv,
  allowUnset: boolean,
): Discovered {
  const where = `${target.name}.${String(method)}`;
  if (misplaced || typeof method !== 'string')
    return { handlers: [], problems: [misplacedProblem(where, misplaced)] };
  const ref = { where, target, method, groups: listOrNone(options.groups) };
  const activities = parseActivities(options.activity ?? mark.activity, env, allowUnset);
  const input = readInput(ref, options);
  const output = options.output === undefined ? undefined : readOutput(ref, options.output);
  const problems = [
    ...activities.flatMap((each) => ('problem' in each ? [{ ...each.problem, where }] : [])),
    ...input.problems,
    ...(output?.problems ?? []),
    ...optionProblems('Handle', where, options),
  ];
  const { spec } = input;
  if (problems.length > 0 || !spec) return { handlers: [], problems };
  const refs = activities.flatMap((each) => ('ref' in each ? each.ref : []));
  const handlers = refs.map((activity) => {
    const own = refs.length > 1 ? { ...ref, where: `${where}@${labelAmong(refs, activity)}` } : ref;
    return definitionOf(own, { activity, input: spec, output: output?.spec }, mark.options, options);
  });
  return { handlers, problems };
}

/** Returns the name of an activity, or its ARN if another one of the list has the same name. */
function labelAmong(refs: readonly ActivityRef[], activity: ActivityRef): string {
  const alike = refs.filter(({ name }) => name === activity.name);
  return activity.kind === 'arn' && alike.length > 1 ? activity.arn : activity.name;
}

/** Those parts of a handler's definition in which mistakes can be found while they are read. */
interface ReadParts extends Pick<HandlerDefinition, 'activity' | 'input'> {
  readonly output: HandlerDefinition['output'] | undefined;
}

// One object literal: an object that is assembled by spreads takes 300 bytes more for each handler of a test bed.
function definitionOf(
  { where, target, method, groups }: MethodRef,
  { activity: activityRef, input, output }: ReadParts,
  activity: ActivityOptions,
  handle: HandleOptions,
): HandlerDefinition {
  return {
    name: where,
    target,
    method,
    activity: activityRef,
    input,
    ...(output && { output }),
    inline: listOrNone(handle.inline),
    scope: activity.scope ?? ACTIVITY_OPTIONS.scope.default,
    options: { handle: handlerOptions(handle), activity: handlerOptions(activity) },
    interceptors: [...listOrNone(activity.interceptors), ...listOrNone(handle.interceptors)],
    unknownKeys: handle.unknownKeys ?? HANDLE_OPTIONS.unknownKeys.default,
    showValues: handle.showValues ?? HANDLE_OPTIONS.showValues.default,
    groups,
    ...(handle.throws && { throws: handle.throws }),
  };
}

/**
 * Returns a list that a decorator declares. Returns an empty list if the value isn't a list; that mistake is reported
 * by the check of the options.
 */
const listOrNone = <T>(list: readonly T[] | undefined): readonly T[] => (Array.isArray(list) ? list : []);

/** Returns those options of a decorator that can also be set in the config, by flags or by variables. */
function handlerOptions(options: HandlerOptions): HandlerOptions {
  const set = Object.entries(options).filter(([name]) => Object.hasOwn(HANDLER_OPTIONS, name));
  return Object.fromEntries(set);
}

function misplacedProblem(where: string, misplaced: DeclaredHandler['misplaced']): Problem {
  const what = {
    static: '@Handle is on a static method, which has no instance and no injected dependencies',
    property: '@Handle is on a property or an accessor, not on a method',
    symbol: '@Handle is on a method named by a symbol, which no config can name',
  }[misplaced ?? 'symbol'];
  return {
    code: 'HANDLER_MISPLACED',
    where,
    what,
    fix: 'put it on a method of the instance, as in `async run(input: Input)`',
  };
}

function errorNameProblems(): Problem[] {
  return [...allErrorNames()].flatMap(([type, name]): Problem[] => {
    const where = `@ErrorName on ${type.name}`;
    const fix = "give it a name of your own, as in @ErrorName('PaymentDeclined')";
    if (typeof name !== 'string' || name === '' || name.length > ERROR_LIMIT) {
      const what = `expected a name of 1 to ${ERROR_LIMIT} characters, got ${show(name)}`;
      return [{ code: 'ERROR_NAME_INVALID', where, what, fix }];
    }
    if (!isReserved(name)) return [];
    const what = `'${name}' is reserved: names that begin with States. belong to the service, with Stepwright. to the worker`;
    return [{ code: 'ERROR_NAME_RESERVED', where, what, fix }];
  });
}

/** A rule that accepts any value. It is for the options of `@Handle` that are checked elsewhere. */
const READ_APART: Rule = { expected: 'anything', ok: () => true };

const TABLES: Readonly<Record<'Activity' | 'Handle', Readonly<Record<string, Rule>>>> = {
  Activity: ACTIVITY_OPTIONS,
  Handle: { ...HANDLE_OPTIONS, activity: READ_APART, input: READ_APART, output: READ_APART },
};

/** Finds unknown option names and bad values in the options of a decorator. */
function optionProblems(decorator: keyof typeof TABLES, where: string, options: object): Problem[] {
  const code = 'HANDLER_OPTION_INVALID';
  return checkAgainst(TABLES[decorator], options, {
    unknown: (key, known) => ({
      code,
      where,
      what: `@${decorator} has no option '${key}'`,
      fix: `did you mean '${closest(key, known)}'? It has: ${known.join(', ')}`,
    }),
    refused: (key, rule, value) => {
      const { expected, fix = `write ${expected}, or leave it out` } = rule;
      const durations = durationsFor(rule, value);
      return {
        code,
        where,
        what: `${key}: expected ${expected}, got ${show(value)}`,
        fix: durations === undefined ? fix : `write ${key}: ${durations}`,
      };
    },
  });
}
