/* oxlint-disable typescript/no-extraneous-class -- classes that lack something are what is tested here */
import { describe, expect, test } from '@jest/globals';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import { at, mistakes, unset } from './mistakes.js';

describe('a mistake in a declaration is found at start, named, and comes with its fix', () => {
  test.each(mistakes)('%s', (_, make, code, words) => {
    const made = make();
    const { problems } = discover(Array.isArray(made) ? made : [made], { EMPTY: '' });
    expect(problems.map((each) => each.code)).toEqual([code]);
    const [problem] = problems;
    const text = `${problem?.where}: ${problem?.what} Fix: ${problem?.fix}`;
    for (const word of words) expect(text).toContain(word);
    expect(problem?.fix.length).toBeGreaterThan(10);
  });
});

test('all of them come at once', () => {
  const { problems } = discover([unset(), at('a b')(), class Plain {}], {});
  expect(problems.map(({ code }) => code)).toEqual([
    'ENVIRONMENT_UNSET',
    'ACTIVITY_REF_INVALID',
    'ACTIVITY_NOT_DECLARED',
  ]);
});
