import { expect, test } from '@jest/globals';
import { IsBoolean, IsString } from 'class-validator';
import { Activity, type Deferral, Handle, type TaskContext } from '../../src/framework/index.js';
import { createTestBed, createTestMachine } from '../../src/framework/testing/index.js';

class Request {
  @IsString() who!: string;
}

class Approval {
  @IsBoolean() approved!: boolean;
}

@Activity('arn:aws:states:us-east-1:123456789012:activity:Approve')
class Approve {
  @Handle({ output: Approval, heartbeat: '20s' })
  async ask({ who }: Request, task: TaskContext): Promise<Approval | Deferral> {
    if (who === 'nobody') return { approved: true };
    return who === 'ann' ? task.defer() : task.defer({ id: who, note: 'please' });
  }
}

test('a bed shows a deferred task, and completes it in one line', async () => {
  await using bed = await createTestBed(Approve);
  const result = await bed.run({ who: 'ann' });
  if (result.status !== 'deferred') throw new Error(result.status);
  expect(result.id).toBeUndefined();
  expect(await result.succeed({ approved: false })).toEqual({
    status: 'succeeded',
    output: { approved: false },
  });
  expect(result.fail('Refused', 'no')).toEqual({ status: 'failed', error: 'Refused', cause: 'no' });
  expect(await bed.run({ who: 'nobody' })).toEqual({ status: 'succeeded', output: { approved: true } });
});

test('an output that the handler may not return does not complete a deferred task', async () => {
  await using bed = await createTestBed(Approve);
  const result = await bed.run({ who: 'ann' });
  if (result.status !== 'deferred') throw new Error(result.status);
  await expect(result.succeed({ approved: 'yes' })).rejects.toThrow(
    /refused as Stepwright.InvalidOutput: .*approved/,
  );
});

test('a started task of a bed is deferred too', async () => {
  await using bed = await createTestBed(Approve);
  const task = await bed.start({ who: 'o-1' });
  expect(await task.outcome).toMatchObject({ status: 'deferred', id: 'o-1' });
});

test.each(['run', 'start'] as const)(
  'in a bed an id is taken until its task is completed (%s)',
  async (how) => {
    await using bed = await createTestBed(Approve);
    const ask = async () =>
      how === 'run' ? bed.run({ who: 'o-1' }) : (await bed.start({ who: 'o-1' })).outcome;
    const first = await ask();
    expect(first).toMatchObject({ status: 'deferred', id: 'o-1' });
    expect(await ask()).toMatchObject({ status: 'failed', error: 'DeferredIdTaken' });
    if (first.status === 'deferred') await first.succeed({ approved: true });
    expect(await ask()).toMatchObject({ status: 'deferred' });
  },
);

test('in a bed nothing of a handler is reported once its task is deferred, but an error', async () => {
  @Activity('Goes')
  class Goes {
    @Handle({ input: 'any' })
    async run(input: unknown, task: TaskContext): Promise<unknown> {
      await task.defer();
      if (input === 'throw') throw new RangeError('after all');
      return 7;
    }
  }
  await using bed = await createTestBed(Goes);
  expect(await bed.run('return')).toMatchObject({ status: 'deferred' });
  expect(await bed.run('throw')).toMatchObject({ status: 'failed', error: 'RangeError' });
});

test('the deferral of another task is no result', async () => {
  let kept: Deferral | undefined;
  @Activity('Keeps')
  class Keeps {
    @Handle({ input: 'any' }) async run(_: unknown, task: TaskContext): Promise<Deferral> {
      return (kept ??= await task.defer());
    }
  }
  await using bed = await createTestBed(Keeps);
  expect(await bed.run(1)).toMatchObject({ status: 'deferred' });
  expect(await bed.run(2)).toMatchObject({ status: 'failed', error: 'TypeError' });
});

const definition = {
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:us-east-1:123456789012:activity:Approve',
      TimeoutSeconds: 10_800,
      End: true,
    },
  },
};

test('a test machine shows a deferred task, and completes it in one line', async () => {
  await using machine = await createTestMachine(definition, { activities: [Approve] });
  const execution = await machine.start({ who: 'o-1' });
  const task = await execution.task('Ask');
  await execution.advance('2h');
  expect(task.isOpen).toBe(true);
  await task.succeed({ approved: true });
  expect(await execution.result()).toMatchObject({ status: 'succeeded', output: { approved: true } });
});

test('a deferred task that nobody completes times out with its state', async () => {
  await using machine = await createTestMachine(definition, { activities: [Approve] });
  const result = await machine.execute({ who: 'ann' });
  expect(result).toMatchObject({ status: 'failed', error: 'States.Timeout' });
  expect(result.tookMs).toBeGreaterThanOrEqual(3 * 3_600_000);
});

test('in a test machine a retry uses the id of an attempt that has timed out', async () => {
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1, BackoffRate: 1 }];
  const again = { ...definition, States: { Ask: { ...definition.States.Ask, TimeoutSeconds: 60, Retry } } };
  await using machine = await createTestMachine(again, { activities: [Approve] });
  const execution = await machine.start({ who: 'o-1' });
  await execution.task('Ask');
  await execution.advance('65s');
  const second = await execution.task('Ask');
  await second.succeed({ approved: true });
  expect(await execution.result()).toMatchObject({ status: 'succeeded' });
});
