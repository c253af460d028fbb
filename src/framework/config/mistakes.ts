import { closest } from 'fastest-levenshtein';
import type { Mistakes, Option } from '../declare/rule.js';
import type { Problem } from '../base/errors.js';
import { show } from '../base/show.js';

/** What `createWorker` is given beside the config. */
const ELSEWHERE = new Set(['baseDir', 'clock', 'log', 'module', 'random', 'signal']);

/** How the mistakes of a config, of flags and of variables are told. @param prefix what stands before a key. */
export const mistakesIn = (prefix: string): Mistakes => ({
  unknown: (key, known) => ({
    code: 'CONFIG_UNKNOWN_KEY',
    where: prefix + key,
    what: 'there is no such key',
    fix: ELSEWHERE.has(key)
      ? `it goes into the second argument: createWorker(config, { ${key} })`
      : `did you mean '${closest(key, known)}'? The keys are ${known.join(', ')}`,
  }),
  refused: (key, rule, value) => badValue(prefix + key, rule, value),
});

/** A value that is not what its rule wants, wherever it was said. */
export const badValue = (
  where: string,
  { expected, fix, unit, keysOnly }: Pick<Option, 'expected' | 'fix' | 'unit' | 'keysOnly'>,
  value: unknown,
): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where,
  what: `expected ${expected}, got ${keysOnly ? kindOf(value) : show(value)}`,
  fix:
    unit === 'ms' && typeof value === 'number' && value > 0
      ? `write '${value}s' for seconds, '${value}ms' for milliseconds`
      : (fix ?? `set ${where} to ${expected}`),
});

/** Of what may be secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
