/**
 * Returns a wait by full jitter: from zero to an exponentially growing ceiling, so that workers that failed together do not
 * retry together.
 * @param attempt 1 for the first wait.
 */
export function fullJitter(attempt: number, baseMs: number, ceilingMs: number, random: () => number): number {
  return Math.round(random() * Math.min(ceilingMs, baseMs * 2 ** (attempt - 1)));
}

/** Returns a wait from a fixed span, for trouble that takes a person's attention. */
export function uniformJitter(fromMs: number, toMs: number, random: () => number): number {
  return Math.round(fromMs + random() * (toMs - fromMs));
}
