import { DURATION_EXPECTED, parseDuration } from '../base/time/duration.js';
import type { Problem } from '../base/errors.js';
import { isPlainObject } from '../base/plain-object.js';

/** The check of one option's value. */
export interface Rule {
  /** Completes the sentence "expected …". */
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
  /** The advice for a bad value; absent where the advice is to write what was expected. */
  readonly fix?: string;
  /** Reads the value from the text of a flag or a variable; absent where no text can express the value. */
  readonly text?: Text;
  /** Present for durations, which are written with their unit and resolved to milliseconds. */
  readonly unit?: 'ms';
}

/** The form of a value in a flag or a variable. */
export interface Text {
  /** The placeholder that `--help` shows for the value. */
  readonly shown: string;
  /**
   * Returns the value that a text stands for; the text itself where it stands for none, so that the rule refuses it.
   */
  readonly read: (text: string) => unknown;
}

/** One row of a table of options. */
export interface Option<Value = unknown> extends Rule {
  /** The option's purpose, in a line of `--help`. */
  readonly help: string;
  /** The option's value where nothing sets it. */
  readonly default?: Value;
  /** Present where only the keys of the value are shown: the values may be secret, or code. */
  readonly keysOnly?: true;
  /** The words that show the default, where that is not a fixed value. */
  readonly unset?: string;
  /** Present where only a running worker reads the option: the command `local` has no flag for it. */
  readonly ofWorker?: true;
}

/** A table with exactly one row for each key of `Values`. The type of a default is that of its key. */
export type Table<Values> = { readonly [K in keyof Values]-?: Option<Exclude<Values[K], undefined>> };

/** Returns the durations that a bare number may have meant, as text to write; undefined for any other mistake. */
export const durationsFor = ({ unit }: Pick<Rule, 'unit'>, value: unknown): string | undefined =>
  unit === 'ms' && typeof value === 'number' && value > 0
    ? `'${value}s' for seconds, '${value}ms' for milliseconds`
    : undefined;

/** Makes the problems of the options in one source. */
export interface Mistakes {
  readonly unknown: (key: string, known: readonly string[]) => Problem;
  readonly refused: (key: string, rule: Rule, value: unknown) => Problem;
}

/**
 * Returns the problems of values, checked against a table key by key. A key whose value is undefined counts as absent.
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
 * The greatest number of tasks, polls, threads or processes that an option accepts. A greater one is a slip: no machine
 * holds so many tasks, and AWS allows 1,000 open polls on an activity.
 */
export const MOST_AT_ONCE = 100_000;
export const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_AT_ONCE;

/** Returns a text of digits as a number, any other text as it is. */
export const readDigits = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text);

/** The form of a value that is the text itself. */
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

/** A duration, `'0s'` included. */
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
