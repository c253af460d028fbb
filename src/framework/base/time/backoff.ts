/**
 * Returns a random wait between zero and a ceiling that doubles with each attempt (full jitter), so that workers that
 * failed together do not retry together.
 * @param attempt 1 for the first wait
 */
export function fullJitter(attempt: number, baseMs: number, ceilingMs: number, random: () => number): number {
  return Math.round(random() * Math.min(ceilingMs, baseMs * 2 ** (attempt - 1)));
}

/**
 * Returns a random wait between two fixed lengths. It is for trouble that lasts until a person fixes the cause, so that
 * waiting longer each time is no use.
 */
export function uniformJitter(fromMs: number, toMs: number, random: () => number): number {
  return Math.round(fromMs + random() * (toMs - fromMs));
}
