import { parseDuration } from '../base/time/duration.js';

/** The most tasks that may begin in any span of a length. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const UNITS: Readonly<Record<string, string>> = { s: '1s', m: '1m', h: '1h' };
/** The longest span: each task in it is remembered. */
const LONGEST_MS = 24 * 3_600_000;
const MOST = 100_000;

/** Completes the sentence "expected …" in messages about rates. */
export const RATE_EXPECTED = `a whole number of tasks from 1 to ${MOST} in a second, minute, hour or span of at most a day, such as '10/s', '100/m' or '1/30s'`;

/** Returns the rate that a text such as `'10/s'` or `'1/30s'` stands for; undefined for anything else. */
export function parseRate(value: unknown): Rate | undefined {
  if (typeof value !== 'string') return undefined;
  const [, digits = '', span = ''] = /^(\d{1,6})\/(\S.*)$/.exec(value) ?? [];
  const [count, perMs] = [Number(digits), parseDuration(UNITS[span] ?? span) ?? 0];
  const fits = count >= 1 && count <= MOST && perMs >= 1 && perMs <= LONGEST_MS;
  return digits !== '' && fits ? { count, perMs } : undefined;
}

/**
 * Returns the equal share that each of several processes has of a rate, as a text. All together never begin more tasks
 * than the rate, but where it has fewer tasks than there are processes: then each begins one in a longer span.
 */
export function shareRate(text: string, processes: number): string {
  const rate = parseRate(text);
  if (!rate) return text;
  const { count, perMs } = rate;
  if (count >= processes) return `${Math.floor(count / processes)}/${perMs}ms`;
  return `1/${Math.min(LONGEST_MS, Math.ceil((perMs * processes) / count))}ms`;
}
