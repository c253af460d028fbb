import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTaskContext } from 'stepwright/testing';
import { Reaper } from '../../../src/framework/base/reaper.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { hostedHandler } from '../../../src/framework/worker/pool/hosted-handler.js';
import { Pool } from '../../../src/framework/worker/pool/pool.js';
import { ProcessHost } from '../../../src/framework/worker/pool/process.js';

interface ProcessWrap {
  readonly Process: { readonly prototype: { spawn: (this: unknown, options: object) => number } };
}

/** What Node itself starts processes with. */
const { Process } = (process as unknown as { binding(name: string): ProcessWrap }).binding('process_wrap');
const spawn = Process.prototype.spawn;

const { ENOMEM, EAGAIN, EMFILE } = constants.errno;

describe.each([
  ['has no memory left', ENOMEM],
  ['has no processes left', EAGAIN],
  ['has no descriptors left', EMFILE],
])('where the system %s', (_what, errno) => {
  beforeEach(() => {
    Process.prototype.spawn = () => -errno;
  });
  afterEach(() => {
    Process.prototype.spawn = spawn;
  });

  test('a task fails because its process could not be started, after which its slot stays in use', async () => {
    const clock = new HandClock();
    const host = { module: '', baseDir: '.', globs: undefined, handler: 'A.run', sourceMaps: false };
    const pool = new Pool({ spawn: () => new ProcessHost(), host, clock, random: () => 1, log: silentLog });
    let freed = false;
    const end = await new Promise((resolve) => {
      void hostedHandler(pool, clock)('{}', createTaskContext(), resolve).then(() => (freed = true));
    });
    expect(end).toMatchObject({
      error: 'Stepwright.HandlerCrashed',
      cause: expect.stringMatching(/could not be started: .*(ENOMEM|EAGAIN|EMFILE)/),
    });
    await clock.advance(999);
    expect(freed).toBe(false);
    await clock.advance(1);
    expect(freed).toBe(true);
    await pool.close();
  });

  test('a process to kill is kept, and the next one starts the program that kills them', async () => {
    const reaper = new Reaper();
    reaper.add(2 ** 30);
    await new Promise(setImmediate);
    expect([...reaper.targets]).toEqual([2 ** 30]);
    let started = 0;
    Process.prototype.spawn = function (options) {
      started++;
      return spawn.call(this, options);
    };
    reaper.add(2 ** 30 + 1);
    expect(started).toBe(1);
    for (const target of [...reaper.targets]) reaper.remove(target);
  });
});
