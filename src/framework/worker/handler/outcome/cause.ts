import { MOST_VIOLATIONS, type Violation } from './own-errors.js';
import { cut } from '../../../base/show.js';
import { CAUSE_LIMIT } from '../../../base/size.js';

/** The parts of a failure's cause, before it is written as JSON. */
export interface Cause {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
  readonly violations?: readonly Violation[];
  /** Details for programs, as plain JSON data. */
  readonly data?: unknown;
}

/**
 * Writes a cause as JSON of at most 32,768 characters, in the form of Lambda's errors. Cuts the trace first, then the
 * violations (`violationsOmitted` is their number), the data, and the message.
 */
export function writeCause({ errorType, errorMessage, trace = [], violations = [], data }: Cause): string {
  const head = { errorType, errorMessage };
  const most = Math.min(violations.length, MOST_VIOLATIONS);
  const whole = data === undefined ? {} : { data };
  const note = data === undefined ? {} : { data: TOO_LONG };
  const framed = (count: number): object => (count > 0 ? { trace: trace.slice(0, count) } : {});
  return (
    longest(trace.length, (count) => ({ ...head, ...framed(count), ...first(violations, most), ...whole })) ??
    longest(most, (count) => ({ ...head, ...first(violations, count), ...whole })) ??
    longest(most, (count) => ({ ...head, ...first(violations, count), ...note })) ??
    longest(errorMessage.length, (count) => ({ errorType, errorMessage: cut(errorMessage, count) })) ??
    '{}'
  );
}

/** The note that replaces a value which is too long for a cause. */
export const TOO_LONG = '(too long for a cause)';

function first(violations: readonly Violation[], count: number): object {
  if (count === violations.length) return count > 0 ? { violations } : {};
  return { violations: violations.slice(0, count), violationsOmitted: violations.length - count };
}

/**
 * Finds the longest JSON text that fits into a cause. `make(n)` returns the object to write with n of its parts (such
 * as lines of a trace), where n is 0 to `most`. Returns undefined if not even `make(0)` fits.
 */
function longest(most: number, make: (count: number) => object): string | undefined {
  const fits = (text: string): boolean => text.length <= CAUSE_LIMIT;
  const all = JSON.stringify(make(most));
  if (fits(all)) return all;
  let best: string | undefined;
  for (let low = 0, high = most - 1; low <= high;) {
    const count = Math.floor((low + high) / 2);
    const text = JSON.stringify(make(count));
    if (fits(text)) [best, low] = [text, count + 1];
    else high = count - 1;
  }
  return best;
}
