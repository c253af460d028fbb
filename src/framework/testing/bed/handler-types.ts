type Method = (...args: never[]) => unknown;

/** The methods of a class, or of each of several, that may be handlers. */
export type HandlerName<T> = T extends unknown
  ? { [K in keyof T]: T[K] extends Method ? K : never }[keyof T] & string
  : never;

type MethodOf<T, M> = T extends unknown ? (M extends keyof T ? T[M] : never) : never;

/** What a handler takes, as JSON. Whatever a class takes that is not this, `runText` can send. */
export type InputOf<T, M> =
  MethodOf<T, M> extends (...args: infer P) => unknown
    ? P extends readonly [infer Input, ...unknown[]]
      ? Json<Input>
      : unknown
    : unknown;

/** What a handler returns, as JSON gives it back. */
export type OutputOf<T, M> =
  MethodOf<T, M> extends (...args: never[]) => infer R ? Parsed<Awaited<R>> : never;

/** What may stand in JSON for a value of a type. */
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

/** What is left of a value that went through JSON. */
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
