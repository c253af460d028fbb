import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Fault, FaultCall } from 'stepwright/local';
import { tokenHash } from '../../../src/framework/base/show.js';
import { compiled } from '../../support/hosted.js';
import { createWorld, type World } from '../../support/world.js';
import config from './fixtures/hosted.config.js';

const module = compiled('test/worker/pool/fixtures/hosted.config.ts');
const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Wrong';

let world: World;
const beats: FaultCall[] = [];
beforeEach(async () => {
  beats.length = 0;
  world = await createWorld({ fault });
});
afterEach(() => world.close());

/** The first task learns after 3 s that it is gone. No heartbeat is answered sooner than that. */
async function fault(call: FaultCall): Promise<Fault | undefined> {
  if (call.operation === 'SendTaskHeartbeat') {
    beats.push(call);
    return { kind: 'delay', ms: 5_000 };
  }
  if (call.operation !== 'SendTaskSuccess' || call.index > 0) return undefined;
  await world.clock.sleep(3_000);
  return { kind: 'error', error: 'TaskTimedOut' };
}

test.each(['thread', 'process'] as const)(
  'what a task left behind in a %s is never taken for the next one there',
  async (run) => {
    world.service.seedActivity(ARN.replace('Wrong', 'Ordinary'));
    const machine = world.machine(ARN);
    const pool = { threads: 1, processes: 1 };
    const w = await world.worker({ ...config, run, heartbeat: false, pool }, { module });
    await world.execute(machine, 'leaves');
    const second = await world.execute(machine, 'follows');
    while (beats.length < 2) await Promise.all([world.clock.advance(1), nap(1)]);
    await world.clock.advance(4_000);
    expect(w.of('task:gone')).toHaveLength(1);
    await world.clock.advance(2_000);
    await world.clock.settle(() => w.of('task:succeeded').length + w.of('task:failed').length === 1);
    expect(await world.describe(second)).toMatchObject({ status: 'SUCCEEDED', output: '"followed"' });
    // Nothing of a task that has ended asks for a heartbeat.
    expect(beats).toHaveLength(2);
    expect(w.of('task:progress')).toEqual([]);

    const [leaves, follows] = w.of('task:received').map(({ token }) => tokenHash(token));
    const linesOf = (task: string | undefined): unknown[] =>
      w.log.filter((line) => line['task'] === task).map(({ msg }) => msg);
    expect(linesOf(leaves).filter((msg) => msg === 'left behind')).toHaveLength(2);
    expect(linesOf(follows)).toContain('followed');
    expect(linesOf(follows)).not.toContain('left behind');
    // The task that made the promise is unknown.
    const forgotten = w.log.filter(({ err }) => (err as Error | undefined)?.message === 'left behind');
    expect(forgotten.map(({ handler, task }) => [handler, task])).toEqual([
      ['Wrong.run', undefined],
      ['Wrong.run', undefined],
    ]);
  },
);
