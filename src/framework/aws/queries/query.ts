import type { Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { unlessAborted } from '../../base/time/wait.js';

/** The longest time that a query may take, including the SDK's retries. */
export const QUERY_LIMIT_MS = 10_000;

/** Thrown if a request got no response in time. The service may have processed it nevertheless. */
export class QueryTimeout extends Error {
  // The SDK uses this name for timeouts too, and for a connection that was reset.
  override readonly name = 'TimeoutError';

  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
  }
}

/** Makes a call whose result a person waits for, and aborts it after `limitMs`. @throws QueryTimeout after that time */
export async function query<T>(
  clock: Clock,
  send: (abortSignal: AbortSignal) => Promise<T>,
  limitMs = QUERY_LIMIT_MS,
): Promise<T> {
  const over = new AbortController();
  const cancel = limitCallAfter(clock, limitMs, () => over.abort(new QueryTimeout(limitMs)));
  try {
    return await unlessAborted(over.signal, send(over.signal));
  } finally {
    cancel();
  }
}
