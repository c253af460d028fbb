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

const asked: { who: string; id: string }[] = [];

@Activity('arn:aws:states:us-east-1:123456789012:activity:Approve')
class Approve {
  @Handle({ output: Approval, heartbeat: '20s' })
  ask({ who }: Request, task: TaskContext): Approval | Deferral {
    if (who === 'nobody') return { approved: true };
    const deferral = task.defer({ until: '3h' });
    asked.push({ who, id: deferral.id });
    return deferral;
  }
}

test('a bed shows a deferred task, and completes it in one line', async () => {
  await using bed = await createTestBed(Approve);
  const result = await bed.run({ who: 'ann' });
  if (result.status !== 'deferred') throw new Error(result.status);
  expect(result.id).toBe(asked.at(-1)?.id);
  expect(result.until.getTime() - bed.clock.now()).toBe(3 * 3_600_000);
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
  const task = await bed.start({ who: 'ann' });
  expect(await task.outcome).toMatchObject({ status: 'deferred', id: asked.at(-1)?.id });
});

test('the deferral of another task is no result', async () => {
  let kept: Deferral | undefined;
  @Activity('Keeps')
  class Keeps {
    @Handle({ input: 'any' }) run(_: unknown, task: TaskContext): Deferral {
      return (kept ??= task.defer({ until: '1m' }));
    }
  }
  await using bed = await createTestBed(Keeps);
  expect(await bed.run(1)).toMatchObject({ status: 'deferred' });
  expect(await bed.run(2)).toMatchObject({ status: 'failed', error: 'TypeError' });
});

test.each([undefined, {}, { until: 3 }, { until: 'soon' }, { until: '1d', id: '' }, { until: '1d', id: 7 }])(
  'task.defer(%j) says what it takes',
  async (options) => {
    @Activity('Wrong')
    class Wrong {
      @Handle({ input: 'any' }) run(_: unknown, task: TaskContext): Deferral {
        return task.defer(options as { until: string });
      }
    }
    await using bed = await createTestBed(Wrong);
    const result = await bed.run(null);
    expect(result).toMatchObject({ status: 'failed', error: 'TypeError' });
    expect('cause' in result && result.cause).toMatch(
      /task\.defer: expected \{ until, id\? \}, with a duration/,
    );
  },
);

const definition = {
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:us-east-1:123456789012:activity:Approve',
      HeartbeatSeconds: 60,
      End: true,
    },
  },
};

test('a test machine shows a deferred task, whose heartbeats go on, and completes it in one line', async () => {
  await using machine = await createTestMachine(definition, { activities: [Approve] });
  const execution = await machine.start({ who: 'ann' });
  const task = await execution.task('Ask');
  await execution.advance('2h');
  expect(task.isOpen).toBe(true);
  await task.succeed({ approved: true });
  expect(await execution.result()).toMatchObject({ status: 'succeeded', output: { approved: true } });
});

test('a deferred task that nobody completes fails when its time is over', async () => {
  await using machine = await createTestMachine(definition, { activities: [Approve] });
  const result = await machine.execute({ who: 'ann' });
  expect(result).toMatchObject({ status: 'failed', error: 'Stepwright.DeadlineExceeded' });
  expect(result.tookMs).toBeGreaterThanOrEqual(3 * 3_600_000);
});
