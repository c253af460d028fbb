import { beforeEach, describe, expect, test } from '@jest/globals';
import { Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { injectable } from 'tsyringe';
import { Activity, type Constructor, Handle, type InterceptedTask, type Interceptor } from 'stepwright';
import { createTestBed, HandClock } from 'stepwright/testing';
import { discover } from '../../../src/framework/declare/discovery/discovery.js';
import { createContainer } from '../../../src/framework/worker/container/create-container.js';
import { loadedHandler } from '../../../src/framework/worker/pool/entry/load-handler.js';
import { TaskRunner } from '../../../src/framework/worker/pool/entry/task-runner.js';
import type { FromHost, ToHost } from '../../../src/framework/worker/pool/pool-messages.js';

/** What lies between the receipt of a task and the call of its handler takes until `go` is called. */
let slow: { readonly done: Promise<void>; readonly go: () => void };
let calls = 0;
beforeEach(() => {
  let go = (): void => {};
  slow = { done: new Promise((resolve) => (go = resolve)), go };
  calls = 0;
});

@ValidatorConstraint({ name: 'slow', async: true })
class SlowRule implements ValidatorConstraintInterface {
  validate(): Promise<boolean> {
    return slow.done.then(() => true);
  }
}

class Ruled {
  @Validate(SlowRule) id!: string;
}

@injectable()
class SlowInterceptor implements Interceptor {
  async intercept(_: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
    await slow.done;
    return next();
  }
}

@Activity('rule')
class WithRule {
  @Handle() run({ id }: Ruled): string {
    calls++;
    return id;
  }
}

@Activity('interceptor', { interceptors: [SlowInterceptor] })
class WithInterceptor {
  @Handle({ input: 'any' }) run(): void {
    calls++;
  }
}

@Activity('container', { scope: 'task' })
class WithContainer {
  @Handle({ input: 'any' }) run(): void {
    calls++;
  }
}

const STEPS: [string, Constructor<object>][] = [
  ['an async rule', WithRule],
  ['an interceptor', WithInterceptor],
  ["the making of the handler's instance", WithContainer],
];
const INPUT = { id: 'a' };

/** A container that makes the instances of tasks slowly. */
const container = {
  scopeOf: (token: unknown) => (token === WithContainer ? ('task' as const) : undefined),
  resolve: () => slow.done.then(() => new WithContainer()),
};

describe.each(STEPS)('a handler does not begin after %s if meanwhile', (_, type) => {
  const start = async (options: object = {}) => {
    const bed = await createTestBed(type, type === WithContainer ? { container } : {});
    return bed.start(INPUT as never, options);
  };

  test('its task is gone', async () => {
    const task = await start();
    await task.gone();
    slow.go();
    expect(await task.outcome).toEqual({ status: 'gone' });
    await task.clock.settle(() => task.settled);
    expect(calls).toBe(0);
  });

  test('its deadline has come', async () => {
    const task = await start({ timeout: '3s' });
    await task.advance('4s');
    slow.go();
    expect(await task.outcome).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
    await task.clock.settle(() => task.settled);
    expect(calls).toBe(0);
  });

  test('the grace of its worker is over', async () => {
    const task = await start({ grace: '3s' });
    await task.shutdown();
    await task.advance('4s');
    slow.go();
    expect(await task.outcome).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
    expect(calls).toBe(0);
  });

  test('its worker has given it up', async () => {
    const task = await start({ grace: '3s' });
    await task.shutdown();
    await task.advance('9s');
    expect(await task.outcome).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
    slow.go();
    await task.clock.settle();
    expect(calls).toBe(0);
  });

  test('its thread or process was told of any of these', async () => {
    const runner = await runnerOf(type);
    await runner.begun;
    runner.take({ kind: 'abort', reason: 'gone', message: 'gone' });
    slow.go();
    await runner.settled;
    expect(calls).toBe(0);
  });

  test('nothing has happened: then it begins', async () => {
    const task = await start({ grace: '5s' });
    await task.shutdown();
    await task.advance('4s');
    slow.go();
    expect(await task.outcome).toMatchObject({ status: 'succeeded' });
    const runner = await runnerOf(type);
    await runner.settled;
    expect(calls).toBe(2);
  });
});

/** Starts a task as a thread or a process of a pool does. */
async function runnerOf(type: Constructor<object>) {
  const [definition] = discover([type], {}).handlers;
  if (!definition) throw new Error(`${type.name} has no handler`);
  const made = await createContainer((own) => {
    if (type === WithContainer) own.register(type, { useFactory: () => container.resolve() });
  });
  const told = { begun: (): void => {}, settled: (): void => {} };
  const [begun, settled] = (['begun', 'settled'] as const).map(
    (kind) => new Promise<void>((resolve) => (told[kind] = resolve)),
  );
  const runner = new TaskRunner({
    clock: new HandClock(),
    send: (message: FromHost, written) => {
      written?.();
      if (message.kind === 'ready') runner.take({ kind: 'task', ...LEASE });
      if (message.kind === 'begun' || message.kind === 'settled') told[message.kind]();
    },
    load: async () => loadedHandler(definition, made, []),
    memoryMb: () => 0,
    exit: () => {},
  });
  const options = { module: '', baseDir: '', globs: [], handler: definition.name, sourceMaps: false };
  runner.take({ kind: 'start', options, measures: false });
  return { take: (message: ToHost) => runner.take(message), begun, settled };
}

const LEASE = {
  handler: 'H',
  text: JSON.stringify(INPUT),
  token: 't',
  activityArn: 'a',
  workerName: 'w',
  receivedAt: 0,
  scope: 's',
};
