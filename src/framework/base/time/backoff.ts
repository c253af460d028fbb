/**
 * Full jitter: anything between nothing and an exponentially growing ceiling, so that a fleet that failed
 * together does not come back together.
 * @param attempt 1 for the first wait.
 */
export function fullJitter(attempt: number, baseMs: number, ceilingMs: number, random: () => number): number {
  return Math.round(random() * Math.min(ceilingMs, baseMs * 2 ** (attempt - 1)));
}

/** Somewhere in a span, for trouble that takes somebody's attention to mend. */
export function slowly(fromMs: number, toMs: number, random: () => number): number {
  return Math.round(fromMs + random() * (toMs - fromMs));
}
