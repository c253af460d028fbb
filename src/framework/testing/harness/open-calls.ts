/** The calls of a test that have not ended. Each fails when the bed or the machine closes. */
export class OpenCalls {
  readonly #fails = new Set<(error: unknown) => void>();
  #closed: Error | undefined;

  /** True once nothing is begun any more. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Settles as the work does, or rejects as soon as it is failed or all calls are closed. */
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

  /** Fails all calls, and all that come later. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const fail of this.#fails) fail(error);
    this.#fails.clear();
  }
}

/** Closes a bed or a machine when the signal aborts. What fails then is said by the next call of `close`. */
export function closeBy(signal: AbortSignal | undefined, closed: { close(): Promise<void> }): void {
  const close = (): void => void closed.close().catch(() => {});
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close, { once: true });
}
