/** The calls of a test that have not ended. When the bed or the test machine closes, each of them fails. */
export class OpenCalls {
  readonly #fails = new Set<(error: unknown) => void>();
  #closed: Error | undefined;

  /** True if the calls were closed. No new call can then be made. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Settles as `work` does. Rejects earlier if `work` calls `fail`, or if all calls are closed. */
  call<T>(work: (fail: (error: unknown) => void) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const end = (): boolean => this.#fails.delete(reject);
      this.#fails.add(reject);
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      work(fail).then((value) => {
        end();
        resolve(value);
      }, fail);
    });
  }

  /** Fails all open calls, and every later call. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const fail of this.#fails) fail(error);
    this.#fails.clear();
  }
}

/**
 * Closes a bed or a test machine when the signal aborts. If closing fails, the error is thrown by the next call of
 * `close`.
 */
export function closeBy(signal: AbortSignal | undefined, closed: { close(): Promise<void> }): void {
  const close = (): void => void closed.close().catch(() => {});
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close, { once: true });
}
