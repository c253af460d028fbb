/**
 * How much is tried by tests that draw at random, or that break one call of many: `STEPWRIGHT_EFFORT=10 npm run
 * check:thorough` tries ten times as much.
 * @default 1, which CI runs
 */
const ASKED: unknown = Reflect.get(globalThis, 'testEffort') ?? 1;
const EFFORT = Number(ASKED);
if (!(EFFORT > 0 && EFFORT < Infinity))
  throw new Error(`STEPWRIGHT_EFFORT is '${String(ASKED)}': give a number above 0`);

/** How often a property is tried that CI tries so many times. */
export const tries = (inCi: number): number => Math.ceil(inCi * EFFORT);

/** One of how many is tried, where CI tries one of so many. */
export const oneOf = (inCi: number): number => Math.max(1, Math.floor(inCi / EFFORT));
