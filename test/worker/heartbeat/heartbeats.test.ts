import { afterEach, expect, test } from '@jest/globals';
import type { Fault } from 'stepwright/local';
import { holding } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

let world: World;
afterEach(() => world.close());

test.each<Fault>([{ kind: 'black-hole' }, { kind: 'delay', ms: 10_000 }])(
  'a heartbeat that gets no answer ($kind) is given up in time for another to keep the lease',
  async (fault) => {
    let beats = 0;
    world = await createWorld({
      fault: ({ operation, index }) => {
        if (operation !== 'SendTaskHeartbeat') return undefined;
        beats++;
        return index === 1 ? fault : undefined;
      },
    });
    const { type, held } = holding({ heartbeat: '2s' });
    const machine = world.machine(ARN, { HeartbeatSeconds: 5 });
    const w = await world.worker({ activities: [type] });
    const execution = await world.execute(machine);
    await world.clock.settle(() => held.length === 1);
    await world.clock.advance(12_000);
    expect(beats).toBeGreaterThanOrEqual(5);
    held[0]?.succeed('alive');
    await world.clock.settle(() => w.of('task:succeeded').length === 1);
    expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"alive"' });
  },
);
