import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something to become true. @throws Error when it has not after `limitMs` milliseconds. */
export async function until(holds: () => Promise<boolean>, limitMs: number, everyMs = 250): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > limitMs)
      throw new Error(`it did not happen within ${limitMs} ms: ${holds.toString()}`);
    await sleep(everyMs);
  }
}
