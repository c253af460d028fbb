import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Constructor } from '../../../../src/framework/declare/class.js';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { cases } from './classes.js';
import { tries } from '../../../support/effort.js';

/** PROPERTY_RUNS=50000 runs them all, which takes a minute on a slow machine. */
const RUNS = tries(200);

/** The input that the handler received; undefined where it was not called. */
async function given(dto: Constructor<object>, json: string): Promise<unknown> {
  let saw: unknown;
  @Activity('given')
  class Given {
    @Handle({ input: dto }) run(input: object): void {
      saw = input;
    }
  }
  await (await createTestBed(Given)).runText(json);
  return saw;
}

test('whatever is declared and whatever is sent: what reaches a handler is of its declared type', async () => {
  const reached = { right: 0, wrong: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async ({ dto, holds, right, wrong }) => {
      const fit = await given(dto, JSON.stringify(right));
      if (fit === undefined || !holds(fit)) return false;
      reached.right++;
      const saw = await given(dto, JSON.stringify(wrong));
      reached[saw === undefined ? 'refused' : 'wrong']++;
      return saw === undefined || holds(saw);
    }),
    { numRuns: RUNS },
  );
  // Some are refused and some are accepted, or the test would prove nothing.
  expect(Math.min(reached.wrong, reached.refused)).toBeGreaterThan(RUNS / 20);
}, 120_000);
