import { expect, test } from '@jest/globals';
import { inject, injectable, type InjectionToken } from 'tsyringe';
import {
  Activity,
  type Container,
  createWorker,
  Handle,
  type InterceptedTask,
  type Interceptor,
  StartError,
  type TaskContext,
} from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { silentLog } from '../../src/framework/base/log/log.js';
import { ARN, useWorld } from '../support/world.js';

const world = useWorld();

class Bank {
  name = 'a bank of tsyringe';
}

/** tsyringe knows no token of its parameter: only the other container can make it. */
@Activity(ARN)
class Charge {
  constructor(
    readonly bank: { name: string },
    readonly token = '',
  ) {}
  @Handle({ input: 'any' }) run(_: unknown, task: TaskContext): string[] {
    return [
      this.bank.name,
      this.token === '' ? 'no task' : this.token === task.token ? 'its task' : 'another',
    ];
  }
}

@injectable()
class Audit implements Interceptor {
  constructor(
    private readonly bank: Bank,
    @inject('suffix') private readonly suffix: string,
  ) {}
  async intercept(_: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
    return [...((await next()) as string[]), this.bank.name, this.suffix];
  }
}

const bank = { name: 'its own bank' };
type Provided = [scope: 'worker' | 'task', make: (task?: TaskContext) => unknown];

function containerOf(...provided: [InjectionToken, ...Provided][]): Container {
  const map = new Map<InjectionToken, Provided>(provided.map(([token, ...rest]) => [token, rest]));
  return {
    scopeOf: (token) => map.get(token)?.[0],
    resolve: async (token, task) => map.get(token)?.[1](task),
  };
}

test('activities come from a container of the user, and what tsyringe makes gets its instances from there', async () => {
  const container = containerOf(
    [Charge, 'worker', () => new Charge(bank)],
    [Bank, 'worker', () => bank],
    ['suffix', 'worker', () => '!'],
  );
  const output = ['its own bank', 'no task', 'its own bank', '!'];
  const bed = await createTestBed(Charge, { container, interceptors: [Audit] });
  expect(await bed.run({})).toEqual({ status: 'succeeded', output });

  const machine = world.machine(ARN);
  const config = { activities: [Charge], endpoint: world.service.url, interceptors: [Audit] };
  const worker = await createWorker(config, { container, clock: world.clock, log: silentLog });
  const done = worker.run();
  const execution = await world.execute(machine);
  await world.clock.settle(() => worker.status().counts.succeeded === 1);
  expect(await world.describe(execution)).toMatchObject({ output: JSON.stringify(output) });
  world.service.endPolls();
  await worker.stop();
  await done;
});

test('an instance for each task is made with that task, even if it is made asynchronously', async () => {
  const made: string[] = [];
  const bed = await createTestBed(Charge, {
    container: containerOf([
      Charge,
      'task',
      (task) => {
        made.push(task?.token ?? 'none');
        return new Charge(bank, task?.token);
      },
    ]),
  });
  const results = await Promise.all([bed.run(undefined, { token: 'a' }), bed.run(undefined, { token: 'b' })]);
  for (const result of results)
    expect(result).toEqual({ status: 'succeeded', output: [bank.name, 'its task'] });
  expect(made).toEqual(['a', 'b']);
});

test('an instance that can not be made for a task is the failure of that task', async () => {
  const fail = (): never => {
    throw new RangeError('no tenant');
  };
  const bed = await createTestBed(Charge, { container: containerOf([Charge, 'task', fail]) });
  expect(await bed.run({})).toMatchObject({ status: 'failed', error: 'RangeError' });
});

@Activity(ARN, { scope: 'task' })
class EachTask {
  @Handle() run(): void {}
}

test.each<[string, Container, RegExp]>([
  [
    'one instance for a class that wants one for each task',
    containerOf([EachTask, 'worker', () => new EachTask()]),
    /EachTask: it has scope: 'task', but its container provides one instance/,
  ],
  [
    'an instance for each task, in an interceptor',
    containerOf([Bank, 'task', () => bank], ['suffix', 'worker', () => '']),
    /Bank: its container provides an instance for each task, but it is needed by/,
  ],
  [
    'a provider that throws',
    containerOf([Audit, 'worker', () => Promise.reject(new Error('no connection'))]),
    /Audit: no connection/,
  ],
])('a start is refused for %s', async (_, container, message) => {
  const bed = createTestBed(EachTask, { container, interceptors: [Audit], mocks: [] });
  const error = await bed.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StartError);
  expect((error as StartError).message).toMatch(message);
});
