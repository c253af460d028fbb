import { describe } from '@jest/globals';

/** The path that calls take in this run of the suite. `npm run check:sdk` runs it over the SDK's own `send`. */
export const CALLS = process.env['STEPWRIGHT_CALLS'] === 'sdk' ? 'sdk' : 'lean';

/** Describes the lean path alone. Over the SDK's path its tests are skipped, and counted as skipped. */
export const describeLean = (name: string, tests: () => void): void =>
  (CALLS === 'lean' ? describe : describe.skip)(name, tests);
