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
  #listeners: (() => void)[] | undefined;

  /** Aborts with this reason. Later calls do nothing: the first reason stays. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) (this.#listeners ??= []).push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners?.indexOf(listener) ?? -1;
    if (index >= 0) this.#listeners?.splice(index, 1);
  }
}
