import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ProcessHost } from '../../../src/framework/worker/pool/process.js';
import { ThreadHost } from '../../../src/framework/worker/pool/thread.js';
import { compiled } from '../../support/hosted.js';
import { createWorld, type WorkerWorld, type World } from '../../support/world.js';
import config from './fixtures/channels.config.js';

const module = compiled('test/worker/pool/fixtures/channels.config.ts');
const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Channel';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

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
    expect(w.log.filter(({ msg }) => String(msg).includes('was called: nothing reads'))).toMatchObject([
      { level: 'debug', handler: 'Channel.run' },
    ]);
    expect(w.worker.status().state).toBe('running');
  });

  test('a message that can not be read ends that host, and is its reason', async () => {
    const host = run === 'thread' ? new ThreadHost() : new ProcessHost();
    host.onMessage = () => {
      throw new TypeError('not a message');
    };
    host.send({
      kind: 'start',
      options: { module, baseDir: '.', globs: undefined, handlers: [], sourceMaps: false },
    });
    expect((await host.exited).error?.message).toBe('a message from it could not be read (not a message)');
  });
});
