import { DURATION_EXPECTED, parseDuration } from '../base/time/duration.js';
import { isPlainObject, type Problem } from '../base/errors.js';

/** What a value must be, and how a text says it. */
export interface Rule {
  /** Completes "expected …". */
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
  /** What to mend, where that is more than to write what was expected. */
  readonly fix?: string;
  /** How flags and variables say it; absent where no text can. */
  readonly text?: Text;
  /** Durations are written with their unit, and handed on in milliseconds. */
  readonly unit?: 'ms';
}

/** A value as a text. */
export interface Text {
  /** What `--help` shows for it. */
  readonly shown: string;
  /** What the text means; a text that means nothing comes back as it is, for the rule to refuse. */
  readonly read: (text: string) => unknown;
}

/** One row of a table of options. */
export interface Option<Value = unknown> extends Rule {
  /** What it is for, in a line of `--help`. */
  readonly help: string;
  /** What it is where nobody sets it. */
  readonly default?: Value;
  /** Its values may be secret, or code: only its keys are shown. */
  readonly keysOnly?: true;
  /** What then comes of it, where there is no default value. */
  readonly unset?: string;
  /** Only a running worker minds it, so that `local` has no flag for it. */
  readonly ofWorker?: true;
}

/** A table with exactly one row for each key of `Values`, its default among what the key can hold. */
export type Table<Values> = { readonly [K in keyof Values]-?: Option<Exclude<Values[K], undefined>> };

/** How the mistakes of one place are told. */
export interface Mistakes {
  readonly unknown: (key: string, known: readonly string[]) => Problem;
  readonly refused: (key: string, rule: Rule, value: unknown) => Problem;
}

/** Checks what somebody set against its table, key by key. A key that is undefined counts as absent. */
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
/** Beyond it a number is a slip: no machine holds so many tasks, and AWS lets an activity have 1,000 polls. */
export const MOST_AT_ONCE = 100_000;
export const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_AT_ONCE;

/** A text of digits as a number. */
export const readDigits = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text);

/** A text that is taken as it is. */
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

/** A duration that may be none at all, `'0s'`. */
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

/** A duration of at least a millisecond, or none. */
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
