import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestBed, matchers, type StepwrightMatchers } from 'stepwright/testing';
import { StatisticsActivity } from '../src/activities/statistics.activity.js';
import { SumOrdersActivity } from '../src/activities/sum-orders.activity.js';
import { ThumbnailActivity } from '../src/activities/thumbnail.activity.js';

declare module 'expect' {
  // oxlint-disable-next-line typescript/no-empty-object-type -- this is how matchers are declared
  interface Matchers<R> extends StepwrightMatchers<R> {}
}
expect.extend(matchers);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepwright-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a batch job', () => {
  const LINES = 120_000;
  /** @param broken appends a line that is no order. */
  function orders(name: string, broken = ''): string {
    const file = join(folder, name);
    const line = (n: number): string => JSON.stringify({ customer: `c${n % 7}`, cents: n });
    writeFileSync(file, `${Array.from({ length: LINES }, (_, n) => line(n)).join('\n')}\n${broken}`);
    return file;
  }
  const RIGHT = { lines: LINES, customers: 7, cents: ((LINES - 1) * LINES) / 2 };

  test('sums up a file, and says how far it is', async () => {
    const bed = await createTestBed(SumOrdersActivity);
    const task = await bed.start({ file: orders('whole') });
    expect(await task.outcome).toEqual({ status: 'succeeded', output: RIGHT });
    expect(task.progress).toMatchObject({ fraction: 1, message: `${LINES} lines` });
  });

  test('stops when the worker does, and the next run goes on where it was', async () => {
    const file = orders('stopped');
    const bed = await createTestBed(SumOrdersActivity);
    const first = await bed.start({ file });
    while (first.progress === undefined) await nap(5);
    void first.shutdown();
    expect(await first.outcome).toHaveFailedWith('Interrupted');
    const at = first.progress.fraction ?? 1;
    expect(at).toBeLessThan(1);
    const second = await bed.start({ file });
    expect(await second.outcome).toEqual({ status: 'succeeded', output: RIGHT });
    expect(second.logs).toMatchObject([{ message: 'going on where an earlier run has left off' }]);
  });

  test('goes on at the last checkpoint where a run was killed, unless the file is another by now', async () => {
    const file = orders('killed', 'broken');
    const bed = await createTestBed(SumOrdersActivity);
    expect(await bed.run({ file })).toHaveFailedWith('BadOrder', { data: { line: LINES + 1 } });
    const second = await bed.start({ file });
    expect(await second.outcome).toHaveFailedWith('BadOrder');
    expect(second.logs).toMatchObject([{ fields: { lines: expect.any(Number) } }]);
    orders('killed');
    expect(await bed.run({ file })).toEqual({ status: 'succeeded', output: RIGHT });
  });
});

test('a thumbnail is as wide as it should be', async () => {
  const { Jimp } = await import('jimp');
  const [source, target] = [join(folder, 'large.png'), join(folder, 'small.jpg')] as const;
  await new Jimp({ width: 80, height: 40, color: 0xff0000ff }).write(source as `${string}.${string}`);
  const bed = await createTestBed(ThumbnailActivity);
  expect(await bed.run({ source, target, width: 20 })).toEqual({
    status: 'succeeded',
    output: { width: 20, height: 10 },
  });
  expect((await Jimp.read(target)).width).toBe(20);
});

const python = spawnSync('python3', ['--version']).status === 0;
if (!python) console.error('*** There is no python3 here: the example in Python is not tested. ***');

(python ? describe : describe.skip)('a program in Python', () => {
  test('gives its result, its progress, and a name to its failure', async () => {
    const bed = await createTestBed(StatisticsActivity);
    const task = await bed.start({ numbers: [1, 2, 4, 9] });
    expect(await task.outcome).toMatchObject({ status: 'succeeded', output: { mean: 4, median: 3 } });
    expect(task.progress).toMatchObject({ fraction: 0.1, message: '4 numbers' });
    expect(await bed.run({ numbers: [1] })).toHaveFailedWith('TooFewNumbers');
  });
});
