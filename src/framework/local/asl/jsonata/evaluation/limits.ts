/**
 * The most bytes in one value. A character counts as one byte; a number, a list and an object as eight bytes each. Seen
 * at the live service: a range of 873,782 numbers is accepted, a longer one is rejected. A string of 4,194,304 characters
 * is accepted, one of twice that length is rejected.
 */
export const MOST_BYTES = 6_990_256;

/**
 * The messages about an expression that exceeds a limit. Those for memory and nesting are the live service's; the one
 * for time is that of the JSONata library.
 */
export const LIMIT_TEXTS = {
  time: 'Expression evaluation timeout: Check for infinite loop',
  size: 'Expression evaluation memory limit exceeded: Check for excessive memory usage',
  depth:
    'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
} as const;

/** Thrown when an evaluation exceeds one of its limits. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';

  constructor(what: keyof typeof LIMIT_TEXTS) {
    super(LIMIT_TEXTS[what]);
  }
}
