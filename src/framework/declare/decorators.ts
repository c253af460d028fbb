import 'reflect-metadata';
import { injectable } from './container.js';
import type { Constructor } from './class.js';
import { writeActivity, writeErrorName, writeHandler } from './metadata.js';
import type { ActivityOptions, HandleOptions, InputOption, OutputOption } from './handler-options.js';
import type { Deferral, TaskContext } from './task-context.js';

/** The type of the values that a handler with this option `input` receives as its first argument. */
export type InputOf<I> = I extends 'any'
  ? unknown
  : I extends StringConstructor
    ? string
    : I extends NumberConstructor
      ? number
      : I extends BooleanConstructor
        ? boolean
        : I extends readonly [Constructor<infer T>]
          ? T[]
          : I extends Constructor<infer T>
            ? T
            : never;

/**
 * The type of the values that a handler with this option `output` must return. `undefined` is asked for first: without
 * `strictNullChecks` it extends every other type.
 */
export type OutputOf<O> = [O] extends [undefined]
  ? unknown
  : O extends readonly [Constructor<infer T>]
    ? readonly T[]
    : O extends Constructor<infer T>
      ? T
      : unknown;

type Returned<O> = OutputOf<O> | Deferral;
type HandlerMethod<I, O> = (input: InputOf<I>, task: TaskContext) => Returned<O> | Promise<Returned<O>>;

/**
 * The type that a handler's first parameter must accept. With `input: 'any'` the JSON isn't checked, so the parameter
 * may have any type that the author writes.
 */
type Parameter<I> = I extends 'any' ? never : I;

/**
 * Declares a class whose `@Handle` methods take the tasks of an activity, or of each of several activities. It also
 * makes the class injectable. A worker makes one instance of the class, unless `scope` is `'task'`.
 * @param activity an ARN of any partition, or a bare name; or a list of them: each method is then a handler for each of
 * them, with slots of its own, and with the name `Class.method@activity`. `${NAME}` in it is replaced from the
 * environment when the worker starts.
 */
export function Activity(activity: string | readonly string[], options?: ActivityOptions): ClassDecorator;
export function Activity(options: ActivityOptions & { activity: string | readonly string[] }): ClassDecorator;
export function Activity(
  first: string | readonly string[] | (ActivityOptions & { activity?: string | readonly string[] }),
  second: ActivityOptions = {},
): ClassDecorator {
  if (typeof first === 'function') throw new TypeError(`@Activity above ${nameOf(first)} has no parentheses`);
  return (target: object, ...rest: unknown[]): void => {
    refuseStandardDecorator('Activity', rest[0]);
    const { activity, ...options } = isOptions(first) ? first : { ...second, activity: first };
    const ctor = target as Constructor;
    injectable<unknown>()(ctor);
    writeActivity(ctor, { activity, options });
  };
}

const nameOf = (type: unknown): string => (typeof type === 'function' ? type.name : 'a class');

/** True for an object of options; false for a list. */
function isOptions<Options>(value: string | readonly string[] | Options): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Declares a method that handles tasks. Its first parameter is the validated input, its second parameter the
 * {@link TaskContext}; both may be left out. The method's result, or the result of the promise that it returns, is the
 * task's output. If it throws, the task fails with that error.
 */
export function Handle<
  const I extends InputOption | undefined = undefined,
  const O extends OutputOption | undefined = undefined,
>(options: HandleOptions<I, O> = {}) {
  // Without parentheses, the compiler passes the class, the method's name and its descriptor.
  if (arguments.length > 1)
    throw new TypeError(
      `@Handle above ${nameOf(options.constructor)}.${String(arguments[1])} has no parentheses`,
    );
  return <M extends HandlerMethod<Parameter<I>, O>>(
    holder: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    refuseStandardDecorator('Handle', method);
    const misplaced = misplacement(holder, descriptor);
    writeHandler(holder, { method, options, ...(misplaced && { misplaced }) });
  };
}

/**
 * Gives a name to the errors of a class, and to those of its subclasses. If a handler throws such an error, its task
 * fails with this name, which Retry and Catch can match.
 * @param name 1 to 256 characters. It must not begin with `States.` or `Stepwright.`
 */
export function ErrorName(name: string) {
  return (target: Constructor<Error>): void => writeErrorName(target, name);
}

function misplacement(
  holder: object,
  descriptor: PropertyDescriptor | undefined,
): 'static' | 'property' | undefined {
  if (typeof holder === 'function') return 'static';
  return typeof descriptor?.value === 'function' ? undefined : 'property';
}

/**
 * Throws if a decorator was compiled as a standard (ECMAScript) decorator. For those, compilers emit no types, which
 * Stepwright needs. The second argument of such a decorator is a context object with a `kind`.
 */
function refuseStandardDecorator(name: string, second: unknown): void {
  if (typeof second !== 'object' || second === null || !('kind' in second)) return;
  throw new TypeError(
    `@${name} was compiled as a standard decorator. Set "experimentalDecorators": true in tsconfig.json (and ` +
      '"emitDecoratorMetadata": true), and make the compiler read that file.',
  );
}
