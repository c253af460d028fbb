import { expect, test } from '@jest/globals';
import { Activity, Handle, type Logger, type TaskContext } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { tokenHash } from '../../src/framework/base/show.js';

// The check value of the catalogues of CRCs, and one whose hash begins with zeros.
test.each([
  ['', '00000000'],
  ['123456789', 'cbf43926'],
  ['t44194', '0000696c'],
])('the hash of %j is %s', (token, hash) => {
  expect(tokenHash(token)).toBe(hash);
});

@Activity('work')
class Work {
  @Handle({ input: 'any' })
  run(_: unknown, task: TaskContext): string {
    task.log.info('working');
    return task.token;
  }
}

test('a bed names a task as a worker does, whether it is run or started', async () => {
  const names: unknown[] = [];
  const log: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: () => {},
    child: ({ task }) => {
      names.push(task);
      return log;
    },
  };
  const bed = await createTestBed(Work, { log });
  const ran = await bed.run({});
  const task = await bed.start({});
  expect([ran, await task.outcome]).toEqual([
    { status: 'succeeded', output: 'test-bed-1' },
    { status: 'succeeded', output: 'test-bed-2' },
  ]);
  expect(names).toEqual([tokenHash('test-bed-1'), tokenHash('test-bed-2')]);
});
