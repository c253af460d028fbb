/**
 * The calls of a test, such as `bed.run(…)`, that haven't ended. When the test bed or the test machine is closed, they
 * all reject.
 */
export class OpenCalls {
  readonly #fails = new Set<(error: unknown) => void>();
  #closed: Error | undefined;

  /** True after `close`. Every new call then rejects. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Returns a promise that settles like that of `work`. It rejects earlier when `close` is called.
   */
  call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#fails.add(reject);
      const end = (): boolean => this.#fails.delete(reject);
      work().finally(end).then(resolve, reject);
    });
  }

  /** Makes all open calls reject, and every later one too. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const fail of this.#fails) fail(error);
    this.#fails.clear();
  }
}

/**
 * Closes a test bed or a test machine when the signal aborts. An error while closing isn't lost: the test's own call of
 * `close` throws it.
 */
export function closeBy(signal: AbortSignal | undefined, closed: { close(): Promise<void> }): void {
  const close = (): void => void closed.close().catch(() => {});
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close, { once: true });
}
