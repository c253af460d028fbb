import '../base/reflect-metadata.js';
import { injectable } from 'tsyringe';
import type { Constructor } from './class.js';
import { writeActivity, writeErrorName, writeHandler } from './metadata.js';
import type { ActivityOptions, HandleOptions, InputOption, OutputOption } from './options.js';
import type { TaskContext } from './task-context.js';

/** What a handler's first parameter must be able to take. */
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

/** What a handler must return. */
export type OutputOf<O> = O extends readonly [Constructor<infer T>]
  ? readonly T[]
  : O extends Constructor<infer T>
    ? T
    : unknown;

type HandlerMethod<I, O> = (input: InputOf<I>, task: TaskContext) => OutputOf<O> | Promise<OutputOf<O>>;

/** `'any'` hands over whatever the JSON was: the author's parameter type is the author's own promise. */
type Parameter<I> = I extends 'any' ? never : I;

/**
 * Makes a class the home of handlers for an activity, and injectable.
 * @param activity an ARN of any partition or a bare name; `${NAME}` in it is read from the environment at start.
 */
export function Activity(activity: string, options?: ActivityOptions): ClassDecorator;
export function Activity(options: ActivityOptions & { activity: string }): ClassDecorator;
export function Activity(
  first: string | (ActivityOptions & { activity?: string }),
  second: ActivityOptions = {},
): ClassDecorator {
  return (target: object, ...rest: unknown[]): void => {
    refuseStandardDecorator('Activity', rest[0]);
    const { activity, ...options } =
      typeof first === 'object' && first !== null ? first : { ...second, activity: first };
    const ctor = target as Constructor;
    injectable<unknown>()(ctor);
    writeActivity(ctor, { activity, options });
  };
}

/**
 * Makes a method take tasks. Its first parameter is the input, its second the {@link TaskContext}; both may be
 * left out. What it returns is the output, what it throws is the failure.
 */
export function Handle<
  const I extends InputOption | undefined = undefined,
  const O extends OutputOption | undefined = undefined,
>(options: HandleOptions<I, O> = {}) {
  return <M extends HandlerMethod<Parameter<I>, O>>(
    holder: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    refuseStandardDecorator('Handle', method);
    const misplaced = placeOf(holder, descriptor);
    writeHandler(holder, { method, options, ...(misplaced && { misplaced }) });
  };
}

/** The name that the service is told when an error of this class, or of one derived from it, is thrown. */
export function ErrorName(name: string) {
  return (target: Constructor<Error>): void => writeErrorName(target, name);
}

function placeOf(
  holder: object,
  descriptor: PropertyDescriptor | undefined,
): 'static' | 'property' | undefined {
  if (typeof holder === 'function') return 'static';
  return typeof descriptor?.value === 'function' ? undefined : 'property';
}

/** The decorators of the ECMAScript proposal are called with a context object, and carry no types at all. */
function refuseStandardDecorator(name: string, second: unknown): void {
  if (typeof second !== 'object' || second === null || !('kind' in second)) return;
  throw new TypeError(
    `@${name} was compiled as a standard decorator. Set "experimentalDecorators": true in tsconfig.json (and ` +
      '"emitDecoratorMetadata": true), and make the compiler read that file.',
  );
}
