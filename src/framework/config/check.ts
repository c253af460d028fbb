import { closest } from 'fastest-levenshtein';
import { HANDLER_OPTIONS } from '../declare/options.js';
import { checkAgainst, type Mistakes, record, type Rule } from '../declare/rule.js';
import { isPlainObject, type Problem, show } from '../errors.js';
import { OPTIONS } from './config.js';

/** Everything that is wrong with a config by itself. */
export function configProblems(config: unknown): Problem[] {
  if (!isPlainObject(config)) {
    return [
      {
        code: 'CONFIG_BAD_VALUE',
        where: 'the config',
        what: `expected an object, got ${show(config)}`,
        fix: 'export it with `export default defineConfig({ … })`',
      },
    ];
  }
  const handlers = isPlainObject(config['handlers']) ? config['handlers'] : {};
  return [...checkAgainst(OPTIONS, config, mistakesIn('')), ...handlersProblems(handlers)];
}

function handlersProblems(handlers: Readonly<Record<string, unknown>>): Problem[] {
  return Object.entries(handlers).flatMap(([name, options]) => {
    const where = `handlers['${name}']`;
    if (isPlainObject(options)) return checkAgainst(HANDLER_OPTIONS, options, mistakesIn(`${where}.`));
    return [badValue(where, record, options)];
  });
}

const mistakesIn = (prefix: string): Mistakes => ({
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
