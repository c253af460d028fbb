import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { anyCharacter } from '../../support/characters.js';
import { countedStore, kept, referenceTo } from './store.js';

let seen: unknown;
let result: unknown;

@Activity('Work')
class Work {
  @Handle({ input: 'any', inline: ['a', 'b'] })
  work(input: unknown): unknown {
    seen = input;
    return result;
  }
}

const key = fc.constantFrom('a', 'b', 'uri', '$stepwright', '\\$stepwright', 'constructor', 'toString', '');
const reference = fc.json().map((json) => referenceTo(json, 'memory:'));
/** Any JSON, with many objects that look like references, whole and broken. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: anyCharacter }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
    fc.boolean(),
    fc.constant(null),
    reference,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const hasKey = (value: unknown): boolean => JSON.stringify(value).includes('"$stepwright":');

test('any JSON reaches the next handler as it was returned, or is refused by a name', async () => {
  const store = countedStore();
  await using bed = await createTestBed(Work, { payloads: { store, above: '1KB' } });
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      result = value;
      const outcome = await bed.runText('null');
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      const { a, b } = (isObject ? value : {}) as { a?: unknown; b?: unknown };
      const isRefused = outcome.status === 'failed' && outcome.error === 'Stepwright.InvalidOutput';
      expect([isRefused, outcome.status]).toEqual(hasKey({ a, b }) ? [true, 'failed'] : [false, 'succeeded']);
      if (outcome.status !== 'succeeded') return;
      result = null;
      await bed.runText(JSON.stringify(outcome.sent ?? outcome.output));
      expect([outcome.output, seen]).toEqual([plain(value), plain(value)]);
    }),
    { numRuns: 1_000 },
  );
});

/** JSON without a key of references, and without one that no input has. */
const harmless = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !hasKey(value) && !JSON.stringify(value).includes('"__proto__":'));

test('whichever parts of an input are references, the handler gets the same', async () => {
  const store = countedStore();
  await using bed = await createTestBed(Work, { payloads: { store } });
  const split = async (value: unknown, flips: () => boolean): Promise<unknown> => {
    if (flips()) return kept(store, value);
    if (Array.isArray(value)) return Promise.all(value.map((each) => split(each, flips)));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const parts = await Promise.all(entries.map(async ([name, each]) => [name, await split(each, flips)]));
    if (!flips()) return Object.fromEntries(parts);
    // Some fields are beside the reference, some only in its payload, and one differs, so that the one beside wins.
    const beside = parts.filter(flips);
    const stale = entries.map(([name, each]) => [
      name,
      beside.some(([other]) => other === name) ? 'old' : each,
    ]);
    return { ...Object.fromEntries(beside), ...(await kept(store, Object.fromEntries(stale))) };
  };
  await fc.assert(
    fc.asyncProperty(harmless, fc.infiniteStream(fc.boolean()), async (given, coins) => {
      const value = plain(given);
      const flips = (): boolean => coins.next().value === true;
      await bed.runText(JSON.stringify(await split(value, flips)));
      expect(seen).toEqual(value);
    }),
    { numRuns: 500 },
  );
});
