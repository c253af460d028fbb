/** The largest input or output, in bytes of UTF-8. AWS page "Step Functions service quotas". */
export const DATA_LIMIT_BYTES = 262_144;

/**
 * The most characters of an error's name and, below, of its cause. API reference of Step Functions, SendTaskFailure.
 */
export const ERROR_LIMIT = 256;
export const CAUSE_LIMIT = 32_768;

/** The largest number of seconds in a field of a definition. States-language reference. */
export const LONGEST_SECONDS = 99_999_999;

export function isTooLarge(text: string): boolean {
  return text.length * 3 > DATA_LIMIT_BYTES && Buffer.byteLength(text) > DATA_LIMIT_BYTES;
}
