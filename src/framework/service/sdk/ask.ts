import type { Clock } from '../../clock.js';
import { giveUpAfter } from '../../give-up.js';
import { unlessAborted } from '../../wait.js';

/** How long an answer that somebody waits for may take, with the SDK's own repetitions. */
export const ANSWER_LIMIT_MS = 10_000;

/** Makes a call that somebody waits for, and ends it where it is not answered. @throws TimeoutError after 10 s */
export async function ask<T>(clock: Clock, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const cancel = giveUpAfter(clock, ANSWER_LIMIT_MS, () => over.abort(noAnswer()));
  try {
    return await unlessAborted(over.signal, send(over.signal));
  } finally {
    cancel();
  }
}

const noAnswer = (): Error =>
  Object.assign(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`), { name: 'TimeoutError' });
