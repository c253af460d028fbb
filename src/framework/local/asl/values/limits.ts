import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/**
 * The most characters in the name of an error and (below) in its cause. API reference of Step Functions,
 * SendTaskFailure.
 */
export const ERROR_LIMIT = 256;
export const CAUSE_LIMIT = 32_768;

/** The largest number of seconds in a field of a definition. Amazon States Language reference. */
export const LONGEST_SECONDS = 99_999_999;

export function isTooLarge(text: string): boolean {
  return text.length * 3 > PAYLOAD_LIMIT_BYTES && Buffer.byteLength(text) > PAYLOAD_LIMIT_BYTES;
}
