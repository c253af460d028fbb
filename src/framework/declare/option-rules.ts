import { DURATION_EXPECTED, parseDuration } from '../base/time/duration.js';
import type { Problem } from '../base/errors.js';
import { isPlainObject } from '../base/json.js';
import { parseSize, SIZE_EXPECTED, writeSize } from '../base/size.js';

/** The rule for the value of an option, and the words for messages about bad values. */
export interface Rule {
  /** The words after "expected" in a message about a bad value. */
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
  /** The advice for a bad value. If absent, the advice is to write what was expected. */
  readonly fix?: string;
  /** Reads the value from the text of a flag or a variable. Absent if the value can't be written as text. */
  readonly text?: Text;
  /** Present for durations. They are written with their unit, and converted to milliseconds. */
  readonly unit?: 'ms';
  /** The rules of an object's fields. A mistake in one is told under its own name, such as `payloads.above`. */
  readonly fields?: Readonly<Record<string, Rule>>;
  /** The rule of each value of an object whose keys are names. A mistake in one is told as `lambdas['name']`. */
  readonly each?: Rule;
  /** Returns what messages show of a bad value. @default the value */
  readonly shown?: (value: unknown) => unknown;
  /** Present if messages must show only the keys of the value, because its contents may be secret, or code. */
  readonly keysOnly?: true;
}

/** The form in which a value is written in a flag or a variable. */
export interface Text {
  /** The placeholder for the value in `--help`, such as `N` in `--port N`. */
  readonly shown: string;
  /** The words after "expected" in a message about a bad text. Present if the value has another form in code. */
  readonly expected?: string;
  /** Parses a text. If the text is invalid, returns the text itself, which the rule then rejects. */
  readonly read: (text: string) => unknown;
}

/** One option's entry in a table of options: its rule, its default and its help text. */
export interface Option<Value = unknown> extends Rule {
  /** The description of the option, in one line of `--help`. */
  readonly help: string;
  /** The option's value if no source sets it. */
  readonly default?: Value;
  /** A description of the default, for a default that isn't a fixed value. */
  readonly unset?: string;
  /** Present if only a running worker uses the option. The command `local` then has no flag for it. */
  readonly ofWorker?: true;
}

/** A table with exactly one entry for each key of `Values`. The type of an entry's default is the type of that key. */
export type Table<Values> = { readonly [K in keyof Values]-?: Option<Exclude<Values[K], undefined>> };

/**
 * If the value of a duration is a bare number, returns the durations that the user may have meant, with their units.
 * Returns undefined for any other mistake.
 */
export const durationsFor = ({ unit }: Pick<Rule, 'unit'>, value: unknown): string | undefined =>
  unit === 'ms' && typeof value === 'number' && value > 0
    ? `'${value}s' for seconds, '${value}ms' for milliseconds`
    : undefined;

/** Functions that make the problems for the mistakes in one source of options, such as the config or the flags. */
export interface Mistakes {
  readonly unknown: (key: string, known: readonly string[]) => Problem;
  readonly refused: (key: string, rule: Rule, value: unknown) => Problem;
}

/**
 * Checks each value by its option's entry in the table, and returns the problems. An undefined value counts as absent.
 * @param within the text before each key in messages, for the fields of an option: its key and a dot
 */
export function checkAgainst(
  table: Readonly<Record<string, Rule>>,
  values: object,
  { unknown, refused }: Mistakes,
  within = '',
): Problem[] {
  return Object.entries(values).flatMap(([name, value]): Problem[] => {
    const rule = Object.hasOwn(table, name) ? table[name] : undefined;
    const key = within + name;
    if (!rule)
      return [
        unknown(
          key,
          Object.keys(table).map((known) => within + known),
        ),
      ];
    if (value === undefined) return [];
    if (!rule.ok(value)) return [refused(key, rule, value)];
    const { each } = rule;
    if (each && isPlainObject(value))
      return Object.entries(value).flatMap(([item, given]) =>
        each.ok(given) ? [] : [refused(`${key}['${item}']`, each, given)],
      );
    return rule.fields && isPlainObject(value)
      ? checkAgainst(rule.fields, value, { unknown, refused }, `${key}.`)
      : [];
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

/** The text form of an option whose value is the text itself. */
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

/** The rule for a duration, which may be `'0s'`. */
export const duration = {
  expected: DURATION_EXPECTED,
  ok: (value: unknown) => parseDuration(value) !== undefined,
  text: { ...plainText, shown: 'duration' },
  unit: 'ms',
} as const;

const isLong = (value: unknown): boolean => (parseDuration(value) ?? 0) >= 1;

/** The rule for a duration of at least a millisecond. */
export const positiveDuration = {
  ...duration,
  expected: `${DURATION_EXPECTED}, of 1 ms or more`,
  ok: isLong,
};

/** The rule for a duration of at least a millisecond, or `false` for none. */
export const durationOrFalse = {
  expected: `${DURATION_EXPECTED}, of 1 ms or more, or false for none`,
  ok: (value: unknown) => value === false || isLong(value),
  text: {
    shown: 'duration|false',
    read: (text: string) => (text === 'false' || text === 'none' ? false : text),
  },
  unit: 'ms',
} as const;

/** The rule for a size of at least `least` and at most `most` bytes. */
export const sizeFrom = (least: number, most: number): Rule => ({
  expected: `${SIZE_EXPECTED}, from ${writeSize(least)} to ${writeSize(most)}`,
  ok: (value) => {
    const bytes = parseSize(value);
    return bytes !== undefined && bytes >= least && bytes <= most;
  },
});

export const oneOf = (...choices: readonly string[]) => ({
  expected: choices.map((each) => `'${each}'`).join(' or '),
  ok: (value: unknown) => choices.some((each) => each === value),
  text: { ...plainText, shown: choices.join('|') },
});

export const listOf = (things: string, ok: (item: unknown) => boolean) => ({
  expected: `a list of ${things}`,
  ok: (value: unknown) => Array.isArray(value) && value.every(ok),
});

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
