import { closest } from 'fastest-levenshtein';
import { durationsFor, type Mistakes, type Option } from '../declare/rule.js';
import type { Problem } from '../base/errors.js';
import { show } from '../base/show.js';

/** Options that belong into the second argument of `createWorker`, but that a user may have put into the config. */
const OF_CREATE_WORKER = new Set(['baseDir', 'clock', 'log', 'module', 'random', 'signal']);

/**
 * Returns functions that make the problems, with their texts, for mistakes in a config, in flags and in variables.
 * @param prefix the text that messages show before an option's key
 */
export const mistakesIn = (prefix: string): Mistakes => ({
  unknown: (key, known) => ({
    code: 'CONFIG_UNKNOWN_KEY',
    where: prefix + key,
    what: prefix === '' ? 'the config has no such option' : 'there is no such option',
    fix: OF_CREATE_WORKER.has(key)
      ? `it goes into the second argument: createWorker(config, { ${key} })`
      : `did you mean '${closest(key, known)}'? The keys are ${known.join(', ')}`,
  }),
  refused: (key, rule, value) => badValue(prefix + key, rule, value),
});

/**
 * Returns the problem of an option whose value isn't allowed.
 * @param where the option's name in the source that sets it
 */
export function badValue(
  where: string,
  rule: Pick<Option, 'expected' | 'fix' | 'unit' | 'keysOnly'>,
  value: unknown,
): Problem {
  const { expected, keysOnly, fix = `set ${where} to ${expected}` } = rule;
  const durations = durationsFor(rule, value);
  return {
    code: 'CONFIG_BAD_VALUE',
    where,
    what: `expected ${expected}, got ${keysOnly ? kindOf(value) : show(value)}`,
    fix: durations === undefined ? fix : `write ${durations}`,
  };
}

/** Returns the name of a value's type. Messages show it instead of the value if the value may be secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
