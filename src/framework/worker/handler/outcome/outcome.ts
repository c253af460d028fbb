import { isReserved } from '../../../declare/activity-failure.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/** The outcome of a task that is reported to the service. */
export type Outcome =
  | { readonly status: 'succeeded'; /** The handler's result as JSON text. */ readonly output: string }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** JSON text with the fields that AWS Lambda gives its errors. */ readonly cause: string;
    };

/** Says that a task has no outcome yet: somebody else completes it later. */
export interface Deferred {
  readonly status: 'deferred';
}

/** The end of a handler: with the task's outcome, or with a deferral. */
export type HandlerEnd = Outcome | Deferred;

/** True for a failure that the handler has thrown: not for one of its output, its stop, or the crash of its thread. */
export const isThrown = (end: HandlerEnd): boolean => end.status === 'failed' && !isReserved(end.error);

/** If a text has more bytes in UTF-8 than `limit`, returns their number. Otherwise returns undefined. */
export function bytesBeyondLimit(text: string, limit: number = PAYLOAD_LIMIT_BYTES): number | undefined {
  // A UTF-16 code unit takes at most three bytes, so for most texts the bytes needn't be counted.
  if (text.length * 3 <= limit) return undefined;
  const bytes = Buffer.byteLength(text);
  return bytes > limit ? bytes : undefined;
}

/** The most characters that a cause may have (SendTaskFailure). */
export const CAUSE_LIMIT_CHARACTERS = 32_768;
