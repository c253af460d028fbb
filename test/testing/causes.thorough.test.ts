import { expect, test } from '@jest/globals';
import { Activity, Handle, type Interceptor } from 'stepwright';
import { createTestBed, createTestMachine } from 'stepwright/testing';
import { createWorld } from '../support/world.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:';

class Loud implements Interceptor {
  async intercept(_task: unknown, next: () => Promise<unknown>): Promise<unknown> {
    try {
      return await next();
    } catch (error) {
      throw new Error('louder', { cause: error });
    }
  }
}
@Activity(`${ARN}at-once`)
class AtOnce {
  @Handle({ input: 'any' }) go(): void {
    this.fail();
  }
  fail(): never {
    throw new TypeError('no', { cause: new RangeError('why') });
  }
}
@Activity(`${ARN}later`)
class Later {
  @Handle({ input: 'any' }) async go(): Promise<void> {
    await Promise.resolve();
    JSON.parse('{');
  }
}
@Activity(`${ARN}loud`, { interceptors: [Loud] })
class Intercepted {
  @Handle({ input: 'any' }) go(): void {
    throw new Error('loud');
  }
}

const definition = (Resource: string) => ({
  StartAt: 'Go',
  States: { Go: { Type: 'Task', Resource, End: true } },
});

test.each([
  [AtOnce, 'at-once', 5],
  [Later, 'later', 2],
  [Intercepted, 'loud', 4],
] as const)(
  "a failure's cause is the same in bed, machine and worker, on every machine: %p",
  async (type, name, lines) => {
    const bed = await createTestBed(type);
    const ran: object = await bed.run(null);
    const started: object = await (await bed.start(null)).outcome;
    const machine = await createTestMachine(definition(`${ARN}${name}`), { activities: [type] });
    const executed = await machine.execute(null);

    const world = await createWorld();
    await world.worker({ activities: [type] });
    const execution = await world.execute(world.machine(`${ARN}${name}`));
    await world.clock.advance(1_000);
    const { cause } = await world.describe(execution);
    await world.close();

    for (const result of [ran, started, executed]) expect(result).toMatchObject({ cause });
    const { trace } = JSON.parse(cause ?? '{}') as { trace: string[] };
    const known = /^at .+ \((<anonymous>|test\/testing\/causes\.thorough\.test\.ts:\d+:\d+)\)$|^Caused by: /;
    expect(trace.filter((line) => !known.test(line))).toEqual([]);
    expect(trace).toHaveLength(lines);
  },
);
