import { expect, test } from '@jest/globals';
import { directory } from 'stepwright';
import { atEveryCall } from '../../support/crash/program.js';
import { expectKept, type Said } from './changes.js';

test('a process that is killed leaves every change that was acknowledged', async () => {
  const options = {
    trouble: 'kill',
    args: ['dist/src/framework/worker/keep/directory.js'],
    each: 60,
  } as const;
  for await (const { folder, said, stderr } of atEveryCall('test/fixtures/keep/changes.mjs', options)) {
    expect(stderr).toBe('');
    await expectKept(directory(folder, { warn: () => {} }), said as Said[]);
  }
});
