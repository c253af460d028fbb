import { expect, test } from '@jest/globals';
import { failureOf } from '../../../src/framework/worker/handler/outcome/failure.js';
import { writeCause } from '../../../src/framework/worker/handler/outcome/cause.js';

const LIMIT = 32_768;
const trace = Array.from({ length: 40 }, (_, index) => `at frame${index} (${'x'.repeat(100)}.ts:1:1)`);
const violation = { path: 'items[0].price', rule: 'isNumber', message: 'price must be a number' };
const many = Array.from({ length: 1000 }, () => violation);
const data = { text: 'd'.repeat(20_000) };
const cause = { errorType: 'InvalidOrder', errorMessage: 'm' };

/** Writes a cause, checks that it is JSON within the limit, and returns the size of each part that is left. */
function write(parts: Partial<Parameters<typeof writeCause>[0]>) {
  const text = writeCause({ ...cause, ...parts });
  expect(text.length).toBeLessThanOrEqual(LIMIT);
  const written = JSON.parse(text);
  expect(written.errorType.startsWith('InvalidOrder')).toBe(true);
  return {
    frames: written.trace?.length,
    violations: written.violations?.length,
    omitted: written.violationsOmitted,
    data: written.data,
    message: written.errorMessage.length,
    length: text.length,
  };
}

test('what fits is whole', () => {
  expect(write({ trace, violations: [violation], data: { a: 1 } })).toMatchObject({
    frames: 40,
    violations: 1,
    omitted: undefined,
    data: { a: 1 },
  });
});

test('the trace is cut first, from its end, and no more than it must be', () => {
  const { frames, violations, length } = write({ trace, violations: many.slice(0, 390), data: { a: 1 } });
  expect([violations, frames !== undefined && frames > 0 && frames < 40]).toEqual([390, true]);
  expect(length).toBeGreaterThan(LIMIT - 150);
});

test('then the violations, with a count', () => {
  const { frames, violations = 0, omitted, data: kept, length } = write({ trace, violations: many, data });
  expect([frames, kept]).toEqual([undefined, data]);
  expect(violations + omitted).toBe(1000);
  expect(length).toBeGreaterThan(LIMIT - 150);
});

test('then the data', () => {
  const huge = { text: 'd'.repeat(40_000) };
  expect(write({ violations: [violation], data: huge })).toMatchObject({
    violations: 1,
    data: '(too long for a cause)',
  });
});

test('at last the message', () => {
  const { message, length } = write({ errorMessage: '\u0000'.repeat(40_000), violations: [violation], data });
  expect(message).toBeGreaterThan(5_000);
  expect(length).toBeGreaterThan(LIMIT - 10);
});

test.each([
  ['quotes and escapes', '"\\\n\u2028'.repeat(20_000)],
  ['lone surrogates', '\ud800'.repeat(20_000)],
  ['pairs', '😀'.repeat(20_000)],
])('%s count as they are written', (_, text) => {
  const written = write({ errorMessage: text, data: text, violations: many, trace: [text] });
  expect(written.length).toBeGreaterThan(LIMIT - 150);
});

test('a hundred thousand violations are counted, not written out', () => {
  const { violations = 0, omitted } = write({ violations: Array.from({ length: 100_000 }, () => violation) });
  expect(violations + omitted).toBe(100_000);
});

test.each([
  ['out of stock', 'a string'],
  [7, 'a number'],
  [undefined, 'undefined'],
  [null, 'null'],
  [{ code: 7 }, 'the object'],
])('of %j, which has no stack, the trace names the handler and says what to throw', (thrown, what) => {
  const { cause } = failureOf(thrown, { handler: 'Charging.charge', warn: () => {} });
  const { trace } = JSON.parse(cause) as { trace: unknown };
  const advice = "has no stack: throw an Error, as in throw new Error('…')";
  expect(trace).toEqual([`at Charging.charge (${what} that was thrown ${advice})`]);
});
