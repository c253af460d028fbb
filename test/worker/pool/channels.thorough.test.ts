import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as nap } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createLog } from 'stepwright';
import { createTaskContext, HandClock } from 'stepwright/testing';
import { outcomeOf } from '../../support/outcome.js';
import { hostedHandler } from '../../../src/framework/worker/pool/hosted-handler.js';
import { Pool } from '../../../src/framework/worker/pool/pool.js';
import { ProcessHost } from '../../../src/framework/worker/pool/process.js';
import { ThreadHost } from '../../../src/framework/worker/pool/thread.js';
import { compiled } from '../../support/hosted.js';
import { useWorld, type WorkerWorld } from '../../support/world.js';
import config, { FLOOD } from './fixtures/channels.config.js';

const module = compiled('test/worker/pool/fixtures/channels.config.ts');
const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Channel';

const world = useWorld();

/** Runs one execution to its end, on a clock that stands still. */
async function ran(w: WorkerWorld, machine: string, input: string) {
  const before = w.worker.status().counts;
  const over = (): boolean => {
    const { succeeded, failed } = w.worker.status().counts;
    return succeeded + failed > before.succeeded + before.failed;
  };
  const execution = await world.execute(machine, input);
  while (!over()) await Promise.all([world.clock.advance(1), nap(1)]);
  await world.clock.settle();
  return world.describe(execution);
}

const HOSTS = { thread: ThreadHost, process: ProcessHost } as const;
const OPTIONS = { module, baseDir: '.', globs: undefined, handler: 'Channel.run', sourceMaps: false };

describe.each(['thread', 'process'] as const)('between the worker and a %s', (run) => {
  const start = (): Promise<WorkerWorld> =>
    world.worker({ ...config, run, pool: { threads: 1, processes: 1 } }, { module });

  test('messages of user code to its parent are dropped, which is logged once, and end nothing', async () => {
    const machine = world.machine(ARN);
    const w = await start();
    expect(await ran(w, machine, 'sends')).toMatchObject({ status: 'SUCCEEDED', output: '"its own"' });
    expect(await ran(w, machine, 'logs')).toMatchObject({ status: 'SUCCEEDED' });
    expect(w.log.filter(({ msg }) => msg === 'said')).toMatchObject([
      { input: { '$stepwright:error': null } },
    ]);
    expect(w.log.filter(({ msg }) => String(msg).includes('was called: nothing receives'))).toMatchObject([
      { level: 'debug', handler: 'Channel.run' },
    ]);
    expect(w.worker.status().state).toBe('running');
  });

  test('a handler that computes and never waits sends no more than the worker can take, and lost lines are counted', async () => {
    const machine = world.machine(ARN);
    const w = await start();
    expect(await ran(w, machine, 'floods')).toMatchObject({ status: 'SUCCEEDED' });
    const lines = w.log.filter(({ msg }) => msg === 'a line');
    const lost = w.log.filter(({ msg }) => String(msg).startsWith('lines of the log are lost'));
    expect(lines.length).toBeLessThan(FLOOD / 2);
    expect(lines.length + lost.reduce((sum, line) => sum + Number(line['lost']), 0)).toBe(FLOOD);
    expect(w.of('task:progress').length).toBeLessThan(FLOOD / 1_000);
    expect(w.of('heartbeat:sent').length).toBeLessThan(FLOOD / 1_000);
    // What the lines of one task have used is there again for the next.
    for (let i = 0; i < 3; i++) await ran(w, machine, 'logs');
    expect(w.log.filter(({ msg }) => msg === 'said')).toHaveLength(3);
  });

  test('a message that can not be read ends that host, and is its reason', async () => {
    const host = new HOSTS[run]();
    host.onMessage = () => {
      throw new TypeError('not a message');
    };
    host.send({ kind: 'start', options: OPTIONS, measures: false });
    expect((await host.exited).error?.message).toBe('a message from it could not be read (not a message)');
  });

  test('messages are read in the asynchronous context of their own task, and of none where it is unknown', async () => {
    const caller = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const log = createLog({
      destination: {
        write: (line) => seen.push([(JSON.parse(line) as { msg: string }).msg, caller.getStore()]),
      },
    });
    const clock = new HandClock();
    const pool = new Pool({
      spawn: () => new HOSTS[run](),
      host: OPTIONS,
      clock,
      random: () => 0,
      log,
    });
    const handle = hostedHandler(pool, clock);
    const context = { ...createTaskContext({ rawInput: '"says"' }), handler: 'Channel.run', log };
    for (const name of ['first', 'second'])
      await caller.run(name, () => outcomeOf(handle, '"says"', context));
    await pool.close();
    const stray = expect.stringContaining('was not handled');
    expect(seen).toEqual([
      ['said', 'first'],
      [stray, undefined],
      ['said', 'second'],
      [stray, undefined],
    ]);
  });
});

test.each([
  ['closes', 'it closed its channel to the worker'],
  ['garbles', 'it is no message of Stepwright'],
])('a process that %s its channel ends its own task, and no other', async (way, why) => {
  const machine = world.machine(ARN);
  const w = await world.worker({ ...config, run: 'process', pool: { processes: 1 } }, { module });
  const { status, error, cause } = await ran(w, machine, way);
  expect({ status, error }).toEqual({ status: 'FAILED', error: 'Stepwright.HandlerCrashed' });
  expect(cause).toContain(why);
  expect(await ran(w, machine, 'ordinary')).toMatchObject({ status: 'SUCCEEDED', output: '"ordinary"' });
});
