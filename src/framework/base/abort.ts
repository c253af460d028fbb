/**
 * The part of AbortSignal's interface that this project uses. Both an AbortSignal and the cheaper {@link Abort}
 * implement it.
 */
export interface Abortable {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * An AbortController and its signal in one object. A worker uses it for the timeouts of its own calls, because Node's
 * AbortController costs more than everything else that such a timeout needs. Each listener is called at most once, and
 * must not throw.
 */
export class Abort implements Abortable {
  aborted = false;
  reason: unknown;
  /** The first listener. There is seldom another one at the same time, so most aborts need no list. */
  #listener: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  /** Aborts with this reason. Later calls do nothing: the first reason stays. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const [listener, others] = [this.#listener, this.#others];
    this.#listener = this.#others = undefined;
    listener?.();
    if (others) for (const other of others) other();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.aborted) return;
    if (this.#listener) (this.#others ??= new Set()).add(listener);
    else this.#listener = listener;
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#listener === listener) this.#listener = undefined;
    else this.#others?.delete(listener);
  }
}
