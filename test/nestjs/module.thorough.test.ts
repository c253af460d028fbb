import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Inject, Injectable, Module, type OnModuleDestroy, Scope } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import {
  Activity,
  type Deferral,
  Handle,
  type InterceptedTask,
  type Interceptor,
  StartError,
  type TaskContext,
} from 'stepwright';
import { createTestBed, memoryStore } from 'stepwright/testing';
import {
  nestContainer,
  STEPWRIGHT_OPTIONS,
  StepwrightCompletions,
  StepwrightHealthIndicator,
  StepwrightModule,
  StepwrightWorker,
} from 'stepwright/nestjs';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { silentLog } from '../../src/framework/base/log/log.js';
import { arnOf, nestApp, Service, stepwright } from './app.js';

let service: Service;
beforeEach(async () => (service = await Service.start('Greet', 'Count')));
afterEach(() => service.close());

class Who {
  @IsString() who!: string;
}

@Injectable()
class Greeter {
  constructor(@Inject('GREETING') private readonly greeting: string) {}
  greet(who: string): string {
    return `${this.greeting} ${who}`;
  }
}

@Activity(arnOf('Greet'))
class Greet {
  constructor(private readonly greeter: Greeter) {}
  @Handle() greet({ who }: Who): string {
    return this.greeter.greet(who);
  }
}

const providers = [Greet, Greeter, { provide: 'GREETING', useValue: 'Hello' }];

@Module({ providers })
class Greetings {}

/** Counts the calls of one instance. */
@Activity(arnOf('Count'))
class Count {
  #calls = 0;
  @Handle() count(): number {
    return ++this.#calls;
  }
}

describe('activities are providers', () => {
  test('of any module, injected by Nest, with the checks of a worker', async () => {
    const app = await nestApp(service, { imports: [Greetings], providers: [Count] });
    await app.init();
    expect(await service.run('Greet', { who: 'Ann' })).toMatchObject({ output: '"Hello Ann"' });
    expect(await service.run('Greet', { who: 5 })).toMatchObject({ error: 'Stepwright.InvalidInput' });
    expect(await service.run('Count')).toMatchObject({ output: '1' });
    expect(await service.run('Count')).toMatchObject({ output: '2' });
    await app.close();
  });

  test('and what a test overrides is what they are, or get', async () => {
    const testing = Test.createTestingModule({
      imports: [Greetings, stepwright(service)],
      providers: [Count],
    });
    testing.overrideProvider(Greeter).useValue({ greet: (who: string) => `Bye ${who}` });
    testing.overrideProvider(Count).useValue({ count: () => 'as many as you like' });
    const app = await testing.compile();
    await app.init();
    expect(await service.run('Greet', { who: 'Ann' })).toMatchObject({ output: '"Bye Ann"' });
    expect(await service.run('Count')).toMatchObject({ output: '"as many as you like"' });
    await app.close();
  });

  test('with what a mocker returns for all that is missing', async () => {
    const app = await Test.createTestingModule({ imports: [stepwright(service)], providers: [Greet] })
      .useMocker((token) => (token === Greeter ? { greet: () => 'mocked' } : undefined))
      .compile();
    await app.init();
    expect(await service.run('Greet', { who: 'Ann' })).toMatchObject({ output: '"mocked"' });
    await app.close();
  });

  test('also under a token', async () => {
    const app = await nestApp(service, { providers: [{ provide: 'counter', useClass: Count }] });
    await app.init();
    expect(await service.run('Count')).toMatchObject({ output: '1' });
    await app.close();
  });
});

describe('scopes', () => {
  test('a transient activity is made once for the worker', async () => {
    Injectable({ scope: Scope.TRANSIENT })(Count);
    const app = await nestApp(service, { providers: [Count] });
    Injectable()(Count);
    await app.init();
    expect(await service.run('Count')).toMatchObject({ output: '1' });
    expect(await service.run('Count')).toMatchObject({ output: '2' });
    await app.close();
  });

  test('what depends on the request is made for each task, and the request is the task', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {
      constructor(@Inject(REQUEST) readonly task: TaskContext) {}
      get name(): string {
        return (JSON.parse(this.task.rawInput) as { tenant: string }).tenant;
      }
    }
    @Activity(arnOf('Count'))
    class PerTenant {
      #calls = 0;
      constructor(private readonly tenant: Tenant) {}
      @Handle({ input: 'any' }) count(): string {
        return `${this.tenant.name} ${++this.#calls}`;
      }
    }
    const app = await nestApp(service, { providers: [PerTenant, Tenant] });
    await app.init();
    for (const tenant of ['a', 'b'])
      expect(await service.run('Count', { tenant })).toMatchObject({ output: `"${tenant} 1"` });
    await app.close();
  });
});

describe('polling', () => {
  test('begins in an application as it is bootstrapped', async () => {
    @Module({ imports: [Greetings, StepwrightModule.forRoot({ endpoint: service.local.url })] })
    class App {}
    const app = await NestFactory.createApplicationContext(App, { logger: false });
    expect(await service.run('Greet', { who: 'Ann' })).toMatchObject({ status: 'SUCCEEDED' });
    await app.close();
    expect(service.local.parkedPolls).toBe(0);
  });

  test('does not begin in a test, unless the test asks for it', async () => {
    const app = await nestApp(service, { imports: [Greetings] }, { poll: undefined });
    await app.init();
    const worker = app.get(StepwrightWorker);
    expect(worker.worker).toBeUndefined();
    await worker.start();
    expect(await service.run('Greet', { who: 'Ann' })).toMatchObject({ status: 'SUCCEEDED' });
    await worker.stop();
    expect(worker.worker).toBeUndefined();
    await app.close();
  });

  test('begins anew where it is asked for during a stop', async () => {
    const app = await nestApp(service, { imports: [Greetings] }, { poll: undefined });
    await app.init();
    const worker = app.get(StepwrightWorker);
    const first = await worker.start();
    const stopped = worker.stop();
    const second = await worker.start();
    await stopped;
    expect(second).not.toBe(first);
    expect(first.status().state).toBe('stopped');
    expect(second.status().state).toBe('running');
    await app.close();
    expect(second.status().state).toBe('stopped');
  });

  test('begins in a test whose options say so', async () => {
    const app = await Test.createTestingModule({ imports: [Greetings, StepwrightModule.forRoot()] })
      .overrideProvider(STEPWRIGHT_OPTIONS)
      .useValue({ endpoint: service.local.url, poll: true })
      .compile();
    await app.init();
    await service.polled(1);
    expect(app.get(StepwrightWorker).worker?.status().state).toBe('running');
    await app.close();
  });

  test('takes its options from other providers', async () => {
    @Module({ providers: [{ provide: 'URL', useFactory: () => service.local.url }], exports: ['URL'] })
    class Settings {}
    const app = await Test.createTestingModule({
      imports: [
        Greetings,
        StepwrightModule.forRootAsync({
          imports: [Settings],
          inject: ['URL'],
          useFactory: (endpoint: string) => ({ endpoint, poll: true }),
        }),
      ],
    }).compile();
    await app.init();
    await service.polled(1);
    expect(app.get(StepwrightWorker).worker?.status().state).toBe('running');
    await app.close();
  });

  test('ends, and running tasks end, before anything that they may need is destroyed', async () => {
    const begun: (() => void)[] = [];
    let isOpen = true;
    @Injectable()
    class Database implements OnModuleDestroy {
      onModuleDestroy(): void {
        isOpen = false;
      }
    }
    @Activity(arnOf('Count'))
    class Slow {
      constructor(readonly database: Database) {}
      @Handle({ input: 'any' }) async run(_: unknown, task: TaskContext): Promise<boolean> {
        const stopped = new Promise((resolve) => task.shuttingDown.addEventListener('abort', resolve));
        for (const done of begun) done();
        await stopped;
        return isOpen;
      }
    }
    const app = await nestApp(service, { providers: [Slow, Database] });
    await app.init();
    const running = new Promise<void>((resolve) => begun.push(resolve));
    const execution = await service.begin('Count');
    await running;
    await app.close();
    expect(await service.end(execution)).toMatchObject({ output: 'true' });
    expect(isOpen).toBe(false);
  });
});

test.each([
  [
    'without shutdown hooks, a signal would cost tasks: the start says so',
    [],
    [/app.enableShutdownHooks\(\)/],
  ],
  ['with shutdown hooks nothing is said', [(): void => {}], []],
])('%s', async (_, listeners, warnings) => {
  const lines: string[] = [];
  const warn = (...args: unknown[]): void => void lines.push(String(args.at(-1)));
  const timers = jest.spyOn(systemClock, 'after');
  const app = await nestApp(service, { providers: [Count] }, { log: { ...silentLog, warn } });
  await app.init();
  const [, look] = timers.mock.calls.find(([ms]) => ms === 1_000) ?? [];
  timers.mockRestore();
  const before = process.listeners('SIGTERM');
  process.removeAllListeners('SIGTERM');
  for (const each of listeners) process.on('SIGTERM', each);
  expect(lines).toEqual([]);
  look?.();
  process.removeAllListeners('SIGTERM');
  for (const each of before) process.on('SIGTERM', each);
  expect(look).toBeDefined();
  expect(lines).toEqual(warnings.map((each) => expect.stringMatching(each)));
  await app.close();
});

describe('a start is refused', () => {
  const startOf = async (app: Promise<{ init(): Promise<unknown> }>): Promise<unknown> =>
    (await app).init().catch((error: unknown) => error);

  test('without an activity', async () => {
    const error = await startOf(
      nestApp(service, { providers: [Greeter, { provide: 'GREETING', useValue: '' }] }),
    );
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toMatch(
      /no provider of this application has @Activity[\s\S]*`providers`/,
    );
  });

  test('with the module in two places', async () => {
    const twice = [stepwright(service), stepwright(service, { concurrency: 2 })];
    const error = await startOf(nestApp(service, { imports: [Greetings, ...twice] }));
    expect((error as Error).message).toMatch(/StepwrightModule: it is imported \d times/);
  });

  test('with an option that is none', async () => {
    const mistyped = { concurency: 5 } as object;
    const error = await startOf(nestApp(service, { imports: [Greetings] }, mistyped));
    expect((error as Error).message).toMatch(/concurency[\s\S]*did you mean 'concurrency'/);
  });
});

describe('deferred tasks', () => {
  @Activity(arnOf('Greet'))
  class Ask {
    constructor(private readonly greeter: Greeter) {}
    @Handle() ask({ who }: Who, task: TaskContext): Promise<Deferral> {
      task.log.info(this.greeter.greet(who));
      return task.defer({ id: who });
    }
  }

  @Injectable()
  class Decisions {
    constructor(@Inject(StepwrightCompletions) readonly completions: StepwrightCompletions) {}
  }

  const asked = [Ask, Greeter, { provide: 'GREETING', useValue: 'Hello' }];

  test('are completed by what Nest injects, also in an application that takes none', async () => {
    const deferred = { store: memoryStore() };
    const app = await nestApp(service, { providers: asked }, { deferred });
    const web = await nestApp(service, { providers: [...asked, Decisions] }, { deferred, poll: false });
    await Promise.all([app.init(), web.init()]);
    const executions = [
      await service.begin('Greet', { who: 'Ann' }),
      await service.begin('Greet', { who: 'Bo' }),
    ];
    const { completions } = web.get(Decisions);
    const waiting = async (): Promise<string[]> => (await completions.list()).map(({ id }) => id).toSorted();
    while ((await waiting()).length < 2) await systemClock.sleep(5);
    expect(await completions.get('Ann')).toMatchObject({ handler: 'Ask.ask' });
    expect(await completions.heartbeat('Ann')).toEqual({ status: 'accepted' });
    expect(await completions.succeed('Ann', 'Hello', { by: 'Cy' })).toEqual({ status: 'accepted' });
    expect(await completions.succeed('Ann', 'Hi')).toMatchObject({
      status: 'completed',
      decided: { by: 'Cy' },
    });
    expect(await completions.fail('Bo', new Error('no'))).toEqual({ status: 'accepted' });
    expect(await service.end(executions[0] ?? '')).toMatchObject({ output: '"Hello"' });
    expect(await service.end(executions[1] ?? '')).toMatchObject({ error: 'Error' });
    await Promise.all([app.close(), web.close()]);
  });

  test('need a store, which the error names', async () => {
    const app = await nestApp(service, { providers: asked }, { poll: false });
    await app.init();
    await expect(app.get(StepwrightCompletions).succeed('Ann')).rejects.toThrow('set deferred: { store');
    await app.close();
  });
});

test('interceptors come from Nest where it provides them', async () => {
  @Injectable()
  class Loud implements Interceptor {
    constructor(private readonly greeter: Greeter) {}
    async intercept(_: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      return `${String(await next())}, ${this.greeter.greet('all')}`;
    }
  }
  const app = await nestApp(service, { providers: [...providers, Loud] }, { interceptors: [Loud] });
  await app.init();
  expect(await service.run('Greet', { who: 'Ann' })).toMatchObject({ output: '"Hello Ann, Hello all"' });
  await app.close();
});

test('the health of the worker is a result for terminus', async () => {
  const off = await nestApp(service, { imports: [Greetings] }, { poll: false });
  await off.init();
  expect(off.get(StepwrightHealthIndicator).check()).toEqual({
    stepwright: { status: 'up', state: 'off', reasons: [] },
  });
  await off.close();

  const app = await nestApp(service, { imports: [Greetings] });
  await app.init();
  await service.run('Greet', { who: 'Ann' });
  const health = app.get(StepwrightHealthIndicator);
  expect(health.check('worker')).toEqual({ worker: { status: 'up', state: 'running', reasons: [] } });
  const stopped = app.get(StepwrightWorker).worker?.stop();
  expect(health.check()).toMatchObject({ stepwright: { status: 'down', state: 'draining' } });
  await stopped;
  await app.close();
});

describe('a test bed', () => {
  test('runs a handler of a testing module', async () => {
    const nest = await Test.createTestingModule({ providers: [Greet] })
      .useMocker(() => ({ greet: (who: string) => `mocked ${who}` }))
      .compile();
    const bed = await createTestBed(Greet, { container: nestContainer(nest) });
    expect(await bed.run({ who: 'Ann' })).toEqual({ status: 'succeeded', output: 'mocked Ann' });
  });

  test('makes what is request-scoped for each of its tasks', async () => {
    @Activity(arnOf('Count'))
    @Injectable({ scope: Scope.REQUEST })
    class Token {
      constructor(@Inject(REQUEST) private readonly task: TaskContext) {}
      @Handle({ input: 'any' }) run(input: { text: string }): string {
        return input.text + this.task.token;
      }
    }
    const nest = await Test.createTestingModule({ providers: [Token] }).compile();
    const bed = await createTestBed(Token, { container: nestContainer(nest) });
    const results = await Promise.all(['a', 'b'].map((token) => bed.run({ text: 'its ' }, { token })));
    expect(results.map((result) => result.status === 'succeeded' && result.output)).toEqual([
      'its a',
      'its b',
    ]);
  });
});
