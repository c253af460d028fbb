import ms from 'ms';

const GRAMMAR = /^\d+(\.\d+)? *[a-z]+$/i;

/**
 * Milliseconds of a duration such as `'650ms'`, `'20s'` or `'1.5h'`, in the grammar of the `ms` package but for
 * bare numbers, whose unit nobody can see. Undefined for anything else.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value !== 'string' || !GRAMMAR.test(value)) return undefined;
  const parsed = ms(value as ms.StringValue);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** A duration for people: `90 s`, `15 min`, `650 ms`. */
export function showDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 300 ? `${Number(seconds.toFixed(1))} s` : `${Number((seconds / 60).toFixed(1))} min`;
}

/** What to write instead, for messages. */
export const DURATION_EXPECTED = "a duration with its unit, such as '20s', '650ms' or '5m'";
