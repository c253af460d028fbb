import { parseDuration } from '../base/time/duration.js';

/** A rate limit: at most `count` tasks begin within any `perMs` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const UNITS: Readonly<Record<string, string>> = { s: '1s', m: '1m', h: '1h' };
/** The longest time span of a rate. It is limited because the start of each task within the span is kept in memory. */
const LONGEST_MS = 24 * 3_600_000;
const MOST = 100_000;

/** The words after "expected" in messages about a bad rate. */
export const RATE_EXPECTED = `a whole number of tasks from 1 to ${MOST} in a second, minute, hour or span of at most a day, such as '10/s', '100/m' or '1/30s'`;

/** Parses a rate such as `'10/s'` or `'1/30s'`. Returns undefined for anything else. */
export function parseRate(value: unknown): Rate | undefined {
  if (typeof value !== 'string') return undefined;
  const [, digits = '', span = ''] = /^(\d{1,6})\/(\S.*)$/.exec(value) ?? [];
  const [count, perMs] = [Number(digits), parseDuration(UNITS[span] ?? span) ?? 0];
  const fits = count >= 1 && count <= MOST && perMs >= 1 && perMs <= LONGEST_MS;
  return digits !== '' && fits ? { count, perMs } : undefined;
}
