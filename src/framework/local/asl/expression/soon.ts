/** A value, or the promise of one. Code that needs no promise avoids one, because most states wait for nothing. */
export type Soon<T> = T | Promise<T>;

/** Calls `fn` with a value: at once, or when its promise has resolved. */
export function soon<T, R>(value: Soon<T>, fn: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(fn) : fn(value);
}
