import { closest } from 'fastest-levenshtein';
import type { Mistakes, Rule } from '../declare/rule.js';
import { type Problem, show } from '../errors.js';

/** How the mistakes of a config, of flags and of variables are told. @param prefix what stands before a key. */
export const mistakesIn = (prefix: string): Mistakes => ({
  unknown: (key, known) => ({
    code: 'CONFIG_UNKNOWN_KEY',
    where: prefix + key,
    what: 'there is no such key',
    fix: `did you mean '${closest(key, known)}'? The keys are ${known.join(', ')}`,
  }),
  refused: (key, rule, value) => badValue(prefix + key, rule, value),
});

/** A value that is not what its rule wants, wherever it was said. */
export const badValue = (
  where: string,
  { expected, fix }: Pick<Rule, 'expected' | 'fix'>,
  value: unknown,
): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where,
  what: `expected ${expected}, got ${show(value)}`,
  fix: fix ?? `set ${where} to ${expected}`,
});
