import ms from 'ms';
import { show } from '../show.js';

const PART = /\d+(?:\.\d+)? *[a-z]+/gi;
const GRAMMAR = /^\d+(?:\.\d+)? *[a-z]+(?: *\d+(?:\.\d+)? *[a-z]+)*$/i;

/**
 * Returns the milliseconds of a duration such as `'650ms'`, `'20 seconds'` or `'1h 30m'`. Each part has the form that
 * the `ms` package reads. Returns undefined for anything else, and for a number without a unit.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value !== 'string' || !GRAMMAR.test(value)) return undefined;
  const parts = value.match(PART) ?? [];
  const parsed = parts.reduce((sum, part) => sum + (ms(part as ms.StringValue) ?? Number.NaN), 0);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** Returns the milliseconds of a duration. @throws TypeError if the text isn't a duration */
export function millisecondsOf(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed !== undefined) return parsed;
  throw new TypeError(`expected the duration to be ${DURATION_EXPECTED}, got ${show(duration)}`);
}

/** Writes a duration in the form that a config uses: `20s`, `1.5s`, `650ms`. */
export const writeDuration = (milliseconds: number): string =>
  milliseconds % 100 === 0 && milliseconds >= 1000
    ? `${milliseconds / 1000}s`
    : `${Math.floor(milliseconds)}ms`;

/** Returns a duration as text for people: `90 s`, `15 min`, `650 ms`, `36 h`, `3 days`. */
export function showDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 300) return `${Number(seconds.toFixed(1))} s`;
  const hours = seconds / 3_600;
  if (hours < 5) return `${Number((seconds / 60).toFixed(1))} min`;
  return hours < 48 ? `${Number(hours.toFixed(1))} h` : `${Number((hours / 24).toFixed(1))} days`;
}

/** The words after "expected" in messages about a bad duration. */
export const DURATION_EXPECTED = "a duration with its unit, such as '20s', '650ms' or '5m'";
