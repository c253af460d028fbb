type Method = (...args: never[]) => unknown;

/** The names of a class's methods, or of those of several classes, any of which may be a handler. */
export type HandlerName<T> = T extends unknown
  ? { [K in keyof T]: T[K] extends Method ? K : never }[keyof T] & string
  : never;

type MethodOf<T, M> = T extends unknown ? (M extends keyof T ? T[M] : never) : never;

/** A handler's input as JSON. `runText` can send any other text. */
export type InputOf<T, M> =
  MethodOf<T, M> extends (...args: infer P) => unknown
    ? P extends readonly [infer Input, ...unknown[]]
      ? Json<Input>
      : unknown
    : unknown;

/** A handler's output after JSON. */
export type OutputOf<T, M> =
  MethodOf<T, M> extends (...args: never[]) => infer R ? Parsed<Awaited<R>> : never;

/** The JSON values that may stand for a value of a type. */
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

/** The type of a value after JSON. */
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
