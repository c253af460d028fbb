type Method = (...args: never[]) => unknown;

/** The names of the methods of a class, or of several classes. Any of these methods may be a handler. */
export type HandlerName<T> = T extends unknown
  ? { [K in keyof T]: T[K] extends Method ? K : never }[keyof T] & string
  : never;

type MethodOf<T, M> = T extends unknown ? (M extends keyof T ? T[M] : never) : never;

/** The type of a handler's input as a JSON value. To send a text that isn't of this type, a test uses `runText`. */
export type InputOf<T, M> =
  MethodOf<T, M> extends (...args: infer P) => unknown
    ? P extends readonly [infer Input, ...unknown[]]
      ? Json<Input>
      : unknown
    : unknown;

/** The type of a handler's output after it was written as JSON and parsed. */
export type OutputOf<T, M> =
  MethodOf<T, M> extends (...args: never[]) => infer R ? Parsed<Awaited<R>> : never;

/** The type of the JSON value from which a value of type `T` is made. */
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
                ? { readonly [K in keyof T as T[K] extends Method ? never : K]: Json<T[K]> }
                : never;

/** The type of a value of type `T` after it was written as JSON and parsed. */
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
