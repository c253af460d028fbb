import { closest } from 'fastest-levenshtein';
import type { Problem } from '../../base/errors.js';
import { show } from '../../base/show.js';
import { ACTIVITY_OPTIONS, HANDLE_OPTIONS } from '../options.js';
import { checkAgainst, durationsFor, type Rule } from '../rule.js';

/** A rule that accepts any value. It is for the options of `@Handle` that are checked elsewhere. */
const READ_APART: Rule = { expected: 'anything', ok: () => true };

const TABLES: Readonly<Record<'Activity' | 'Handle', Readonly<Record<string, Rule>>>> = {
  Activity: ACTIVITY_OPTIONS,
  Handle: { ...HANDLE_OPTIONS, activity: READ_APART, input: READ_APART, output: READ_APART },
};

/** Finds unknown option names and bad values in the options of a decorator. */
export function optionProblems(decorator: keyof typeof TABLES, where: string, options: object): Problem[] {
  const code = 'HANDLER_OPTION_INVALID';
  return checkAgainst(TABLES[decorator], options, {
    unknown: (key, known) => ({
      code,
      where,
      what: `@${decorator} has no option '${key}'`,
      fix: `did you mean '${closest(key, known)}'? It has: ${known.join(', ')}`,
    }),
    refused: (key, rule, value) => {
      const { expected, fix = `write ${expected}, or leave it out` } = rule;
      const durations = durationsFor(rule, value);
      return {
        code,
        where,
        what: `${key}: expected ${expected}, got ${show(value)}`,
        fix: durations === undefined ? fix : `write ${key}: ${durations}`,
      };
    },
  });
}
