import { PAYLOAD_LIMIT_BYTES } from '../../../base/store/size.js';

/** The most bytes of UTF-8 in an input or output. AWS page "Step Functions service quotas". */
export const DATA_LIMIT_BYTES = PAYLOAD_LIMIT_BYTES;

/**
 * The most characters in the name of an error and (below) in its cause. API reference of Step Functions,
 * SendTaskFailure.
 */
export const ERROR_LIMIT = 256;
export const CAUSE_LIMIT = 32_768;

/** The largest number of seconds in a field of a definition. Amazon States Language reference. */
export const LONGEST_SECONDS = 99_999_999;

export function isTooLarge(text: string): boolean {
  return text.length * 3 > DATA_LIMIT_BYTES && Buffer.byteLength(text) > DATA_LIMIT_BYTES;
}
