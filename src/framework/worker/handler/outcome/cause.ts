import { CAUSE_LIMIT_CHARACTERS } from './outcome.js';
import type { Violation } from './refusal.js';
import { cut, readThrown, TooLong, toJson } from './thrown.js';

export interface Cause {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
  readonly violations?: readonly Violation[];
  /** Anything; what JSON can't hold is replaced by a note. */
  readonly data?: unknown;
}

/**
 * Writes a cause as JSON in the shape that Lambda reports errors in, at most 32,768 characters: the trace is
 * cut first, then the violations (`violationsOmitted` counts those), then the data, at last the message.
 */
export function writeCause({ errorType, errorMessage, trace = [], violations = [], data }: Cause): string {
  const head = { errorType, errorMessage };
  const most = Math.min(violations.length, MOST_VIOLATIONS);
  const extra = data === undefined ? {} : { data: shown(data) };
  const noted = data === undefined ? {} : { data: TOO_LONG };
  const framed = (count: number): object => (count > 0 ? { trace: trace.slice(0, count) } : {});
  return (
    longest(trace.length, (count) => ({ ...head, ...framed(count), ...first(violations, most), ...extra })) ??
    longest(most, (count) => ({ ...head, ...first(violations, count), ...extra })) ??
    longest(most, (count) => ({ ...head, ...first(violations, count), ...noted })) ??
    longest(errorMessage.length, (count) => ({ errorType, errorMessage: cut(errorMessage, count) })) ??
    '{}'
  );
}

/** More of them, however short, have no room in a cause. */
const MOST_VIOLATIONS = 1_000;
const TOO_LONG = '(too long for a cause)';

function first(violations: readonly Violation[], count: number): object {
  if (count === violations.length) return count > 0 ? { violations } : {};
  return { violations: violations.slice(0, count), violationsOmitted: violations.length - count };
}

/** The text of the largest count whose text fits; undefined where none does. */
function longest(most: number, make: (count: number) => object): string | undefined {
  const fits = (text: string): boolean => text.length <= CAUSE_LIMIT_CHARACTERS;
  const whole = JSON.stringify(make(most));
  if (fits(whole)) return whole;
  let best: string | undefined;
  for (let low = 0, high = most - 1; low <= high;) {
    const count = Math.floor((low + high) / 2);
    const text = JSON.stringify(make(count));
    if (fits(text)) [best, low] = [text, count + 1];
    else high = count - 1;
  }
  return best;
}

/**
 * A value as JSON can hold it: what can't be written, or has no room in a cause, is replaced by a note that says why.
 * Never throws.
 */
export function shown(value: unknown): unknown {
  try {
    const text = toJson(value, CAUSE_LIMIT_CHARACTERS);
    return text === undefined ? `(a ${typeof value}, which JSON can't hold)` : (JSON.parse(text) as unknown);
  } catch (error) {
    if (error instanceof TooLong) return TOO_LONG;
    const { message } = readThrown(error);
    const what = message.startsWith('Converting circular') ? 'a circular structure' : cut(message, 500);
    return `(JSON can't hold it: ${what})`;
  }
}
