/** Rejects with the signal's reason as soon as it aborts, whatever `begun` then does. */
export function unlessAborted<T>(signal: AbortSignal | undefined, begun: Promise<T>): Promise<T> {
  if (!signal) return begun;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    Promise.resolve(begun)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}
