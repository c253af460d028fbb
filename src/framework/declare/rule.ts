import { DURATION_EXPECTED, parseDuration } from '../base/time/duration.js';
import type { Problem } from '../base/errors.js';
import { isPlainObject } from '../base/plain-object.js';

/** The check for the value of an option. */
export interface Rule {
  /** The words after "expected" in a message about a bad value. */
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
  /** The advice for a bad value. If absent, the advice is to write what was expected. */
  readonly fix?: string;
  /** Reads the value from the text of a flag or a variable. Absent if a text can't express the value. */
  readonly text?: Text;
  /** Present for durations. They are written with their unit, and converted to milliseconds. */
  readonly unit?: 'ms';
}

/** How a value is written in a flag or a variable. */
export interface Text {
  /** The placeholder for the value in `--help`, such as `N` in `--port N`. */
  readonly shown: string;
  /** The words after "expected" in a message about a bad text. Present if the value has another form in code. */
  readonly expected?: string;
  /**
   * Returns the value that a text stands for. If it stands for none, returns the text itself, which the rule then
   * rejects.
   */
  readonly read: (text: string) => unknown;
}

/** One entry in a table of options. */
export interface Option<Value = unknown> extends Rule {
  /** What the option does, in one line of `--help`. */
  readonly help: string;
  /** The option's value if no source sets it. */
  readonly default?: Value;
  /** Present if messages must show only the value's keys, since its values may be secret, or code. */
  readonly keysOnly?: true;
  /** How the default is shown if it isn't a fixed value. */
  readonly unset?: string;
  /** Present if only a running worker uses the option. The command `local` then has no flag for it. */
  readonly ofWorker?: true;
}

/** A table with exactly one entry for each key of `Values`. The type of an entry's default is the type of that key. */
export type Table<Values> = { readonly [K in keyof Values]-?: Option<Exclude<Values[K], undefined>> };

/**
 * If a duration was given as a bare number, returns the durations that may have been meant, with their units. Returns
 * undefined for any other mistake.
 */
export const durationsFor = ({ unit }: Pick<Rule, 'unit'>, value: unknown): string | undefined =>
  unit === 'ms' && typeof value === 'number' && value > 0
    ? `'${value}s' for seconds, '${value}ms' for milliseconds`
    : undefined;

/** Makes the problems for the mistakes in one source of options. */
export interface Mistakes {
  readonly unknown: (key: string, known: readonly string[]) => Problem;
  readonly refused: (key: string, rule: Rule, value: unknown) => Problem;
}

/**
 * Checks each value against the table's entry for its key, and returns the problems. If a value is undefined, its key
 * counts as absent.
 */
export function checkAgainst(
  table: Readonly<Record<string, Rule>>,
  values: object,
  { unknown, refused }: Mistakes,
): Problem[] {
  return Object.entries(values).flatMap(([key, value]): Problem[] => {
    const rule = Object.hasOwn(table, key) ? table[key] : undefined;
    if (!rule) return [unknown(key, Object.keys(table))];
    return value === undefined || rule.ok(value) ? [] : [refused(key, rule, value)];
  });
}

export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
/**
 * The largest number of tasks, polls, threads or processes that an option accepts. A larger number must be a mistake:
 * no machine can work on so many tasks, and AWS allows 1,000 open polls on an activity.
 */
export const MOST_AT_ONCE = 100_000;
export const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_AT_ONCE;

/** Returns a text of digits as a number. Returns any other text as it is. */
export const readDigits = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text);

/** For an option whose value is the text itself. */
export const plainText: Text = { shown: 'text', read: (text) => text };

export const count = {
  expected: `a whole number from 1 to ${MOST_AT_ONCE}`,
  ok: isCount,
  text: { shown: 'N', read: readDigits },
};

export const flag = {
  expected: 'true or false',
  ok: (value: unknown) => typeof value === 'boolean',
  text: {
    shown: 'true|false',
    read: (text: string) => (text === 'true' ? true : text === 'false' ? false : text),
  },
};

export const record = { expected: 'an object of keys and values', ok: isPlainObject };

/** A duration; `'0s'` is allowed. */
export const duration = {
  expected: DURATION_EXPECTED,
  ok: (value: unknown) => parseDuration(value) !== undefined,
  text: { ...plainText, shown: 'duration' },
  unit: 'ms',
} as const;

const isLong = (value: unknown): boolean => (parseDuration(value) ?? 0) >= 1;

/** A duration of at least a millisecond. */
export const positiveDuration = {
  ...duration,
  expected: `${DURATION_EXPECTED}, of 1 ms or more`,
  ok: isLong,
};

/** A duration of at least a millisecond, or `false` for none. */
export const durationOrFalse = {
  expected: `${DURATION_EXPECTED}, of 1 ms or more, or false for none`,
  ok: (value: unknown) => value === false || isLong(value),
  text: {
    shown: 'duration|false',
    read: (text: string) => (text === 'false' || text === 'none' ? false : text),
  },
  unit: 'ms',
} as const;

export const oneOf = (...choices: readonly string[]) => ({
  expected: choices.map((each) => `'${each}'`).join(' or '),
  ok: (value: unknown) => choices.some((each) => each === value),
  text: { ...plainText, shown: choices.join('|') },
});

export const listOf = (things: string, ok: (item: unknown) => boolean) => ({
  expected: `a list of ${things}`,
  ok: (value: unknown) => Array.isArray(value) && value.every(ok),
});
