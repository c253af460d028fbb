/**
 * Returns a random wait between zero and a ceiling that doubles with each attempt (full jitter), so that workers that
 * failed together do not retry together.
 * @param attempt 1 for the first wait
 */
export function fullJitter(attempt: number, baseMs: number, ceilingMs: number, random: () => number): number {
  return Math.round(random() * Math.min(ceilingMs, baseMs * 2 ** (attempt - 1)));
}

/**
 * Returns a random wait between `fromMs` and `toMs`, however many attempts have failed. It is for errors that last
 * until a person fixes the cause: longer and longer waits wouldn't help there.
 */
export function uniformJitter(fromMs: number, toMs: number, random: () => number): number {
  return Math.round(fromMs + random() * (toMs - fromMs));
}
