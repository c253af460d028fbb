import type { Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { unlessAborted } from '../../base/time/wait.js';

/** How long an answer that somebody waits for may take, with the SDK's own repetitions. */
export const ANSWER_LIMIT_MS = 10_000;

/** A call was not answered in time. Whether it was taken is not known. */
export class NoAnswer extends Error {
  // As errors of the SDK are called that say the same: of those it makes of a connection that was reset, too.
  override readonly name = 'TimeoutError';

  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
  }
}

/** Makes a call that somebody waits for, and ends it where it is not answered. @throws NoAnswer after `limitMs` */
export async function ask<T>(
  clock: Clock,
  send: (abortSignal: AbortSignal) => Promise<T>,
  limitMs = ANSWER_LIMIT_MS,
): Promise<T> {
  const over = new AbortController();
  const cancel = limitCallAfter(clock, limitMs, () => over.abort(new NoAnswer(limitMs)));
  try {
    return await unlessAborted(over.signal, send(over.signal));
  } finally {
    cancel();
  }
}
