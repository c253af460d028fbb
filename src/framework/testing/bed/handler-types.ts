import type { Deferral } from '../../declare/task-context.js';
import type { IsSame } from '../mocks/stand-in.js';

type Method = (...args: never[]) => unknown;

/** The names of all methods of a class, or of several classes. The compiler can't know which of them are handlers. */
type MethodName<T> = T extends unknown
  ? { [K in keyof T]: T[K] extends Method ? K : never }[keyof T] & string
  : never;

/**
 * The type for the classes of a test bed if the compiler doesn't know their names. Any string can then be the name of
 * any class.
 */
export type AnyName<T> = Readonly<Record<string, T>>;

/** The names that handlers can have, `'Class.method'`. `Classes` maps class names to classes. */
export type HandlerName<Classes> = {
  [Name in keyof Classes & string]: `${Name}.${MethodName<Classes[Name]>}`;
}[keyof Classes & string];

type MethodOf<T, M> = T extends unknown ? (M extends keyof T ? T[M] : never) : never;

/** The type of the method that belongs to a handler's name. It is a union if several classes can have the name. */
type Handler<Classes, Name> = Name extends `${infer C}.${infer M}`
  ? C extends keyof Classes
    ? MethodOf<Classes[C], M>
    : never
  : never;

/** The arguments of a call that runs a handler. The input can be left out if the handler takes none. */
export type RunArguments<Classes, Name, Options> =
  NeedsInput<Handler<Classes, Name>> extends true
    ? [input: InputOf<Handler<Classes, Name>>, options?: Options]
    : [input?: InputOf<Handler<Classes, Name>>, options?: Options];

/** `true` if a method requires an input. For a union of methods, `true` only if all of them do. */
type NeedsInput<M> = [M extends (...args: infer P) => unknown ? ([] extends P ? M : never) : never] extends [
  never,
]
  ? true
  : false;

/** The type of a method's input as JSON. In a union, methods that take no input are ignored. */
type InputOf<M> = [Inputs<M>] extends [never] ? unknown : Json<Inputs<M>>;

type Inputs<M> = M extends (...args: infer P) => unknown
  ? P extends readonly []
    ? never
    : P extends readonly [(infer Input)?, ...unknown[]]
      ? Input
      : unknown
  : never;

/** The type of a handler's output after it has been converted to JSON and parsed again. */
export type OutputOf<Classes, Name> =
  Handler<Classes, Name> extends (...args: never[]) => infer R
    ? Parsed<Exclude<Awaited<R>, Deferral>>
    : never;

/** The type of the JSON that a value of type `T` is sent as. For example, a `Date` is sent as a string. */
export type Json<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends Date
      ? Date | string | number
      : T extends bigint
        ? string | number
        : T extends Map<string, infer V>
          ? Readonly<Record<string, Json<V>>>
          : T extends ReadonlySet<infer V>
            ? readonly Json<V>[]
            : T extends readonly (infer V)[]
              ? readonly Json<V>[]
              : T extends object
                ? JsonObject<T>
                : never;

/**
 * The type of the JSON object that an instance of a class is sent as. Getters are optional, since they can't be sent.
 * The compiler can't tell a getter from a readonly field, so readonly fields are optional too.
 */
type JsonObject<T> = { readonly [K in keyof T as K extends Writable<T> ? K : never]: Json<T[K]> } & {
  readonly [K in keyof T as K extends Writable<T> ? never : T[K] extends Method ? never : K]?: Json<T[K]>;
};

/** The keys of the fields that aren't readonly. */
type Writable<T> = {
  [K in keyof T]-?: T[K] extends Method
    ? never
    : IsSame<{ [Q in K]: T[K] }, { -readonly [Q in K]: T[K] }> extends true
      ? K
      : never;
}[keyof T];

/** The type of a value of type `T` after it has been converted to JSON and parsed again. */
export type Parsed<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null
    ? T
    : T extends undefined | void
      ? null
      : T extends { toJSON(): infer J }
        ? J
        : T extends readonly (infer V)[]
          ? Parsed<V>[]
          : T extends object
            ? {
                [K in keyof T as T[K] extends Method ? never : K]: T[K] extends undefined
                  ? never
                  : ParsedField<T[K]>;
              }
            : never;

type ParsedField<T> = undefined extends T ? Parsed<Exclude<T, undefined>> | undefined : Parsed<T>;
