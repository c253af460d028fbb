import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { IsInt } from 'class-validator';
import { inject, injectable } from 'tsyringe';
import { Activity, ActivityFailure, CLOCK, Handle, type Clock } from 'stepwright';
import { createTestBed, createTestMachine, matchers, type TestMachineOptions } from 'stepwright/testing';
import { Greeter } from '../../src/activities/greeter.js';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';

expect.extend(matchers);

const HELLO = 'state-machines/HelloWorld.asl.json';
const arnOf = (name: string): string => `arn:aws:states:eu-west-1:123456789012:activity:${name}`;
const retry = { ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 50, BackoffRate: 1 };

class Charge {
  @IsInt() cents!: number;
}
@injectable()
class Bank {
  attempts = 0;
  charge(_cents: number): string {
    this.attempts++;
    return `receipt ${this.attempts}`;
  }
}
@Activity('Charge', { heartbeat: '10s' })
class Charging {
  constructor(
    private readonly bank: Bank,
    @inject(CLOCK) private readonly clock: Clock,
  ) {}
  @Handle() async charge({ cents }: Charge): Promise<string> {
    if (cents < 0) throw new ActivityFailure('Declined', 'no');
    await this.clock.sleep(30_000);
    return this.bank.charge(cents);
  }
}

const charge = {
  Type: 'Task',
  Resource: arnOf('Charge'),
  HeartbeatSeconds: 30,
  Retry: [{ ErrorEquals: ['States.Timeout', 'States.HeartbeatTimeout'], MaxAttempts: 2 }],
};
const PAYING = {
  StartAt: 'Pay',
  States: {
    Pay: { ...charge, Catch: [{ ErrorEquals: ['Declined'], Next: 'Sorry' }], Next: 'Done' },
    Sorry: { Type: 'Fail', Error: 'NoMoney', Cause: 'declined' },
    Done: { Type: 'Succeed' },
  },
};

const pay = async (input: object, options: TestMachineOptions = {}) =>
  (await createTestMachine(PAYING, { activities: [Charging], ...options })).execute(input);

test('a whole machine runs with its handlers', async () => {
  const machine = await createTestMachine(HELLO, { activities: [HelloWorldActivity] });
  const result = await machine.execute({ who: 'hoge' });
  expect(result).toHaveSucceededWith({ message: 'Hello hoge!' });
  expect(Object.values(result.attempts)).toEqual([1]);
});

test('tasks of states whose names objects inherit are counted', async () => {
  const Task = `{"Type":"Task","Resource":"${arnOf('Charge')}","ResultPath":null`;
  const machine = await createTestMachine(
    `{"StartAt":"__proto__","States":{"__proto__":${Task},"Next":"constructor"},"constructor":${Task},"End":true}}}`,
    { activities: [Charging] },
  );
  const { attempts } = await machine.execute({ cents: 1 });
  expect(Object.entries(attempts)).toEqual([
    ['__proto__', 1],
    ['constructor', 1],
  ]);
});

test('a machine of a template runs with its handlers, by its logical id', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
  const template = join(dir, 'template.yaml');
  writeFileSync(
    template,
    `Parameters: { Name: { Type: String, Default: none } }
Resources:
  Hello: { Type: AWS::StepFunctions::Activity, Properties: { Name: !Ref Name } }
  Other: { Type: AWS::Serverless::StateMachine, Properties: { Definition: { StartAt: A, States: { A: { Type: Succeed } } } } }
  Greeting:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: { StartAt: A, States: { A: { Type: Task, Resource: !Ref Hello, End: true } } }
`,
  );
  const parameters = { Name: 'HelloWorldActivity', 'AWS::Region': 'ap-northeast-1' };
  const machine = await createTestMachine(
    { template, resource: 'Greeting', parameters },
    { activities: [HelloWorldActivity] },
  );
  expect(await machine.execute({ who: 'hoge' })).toHaveSucceededWith({ message: 'Hello hoge!' });
  await expect(createTestMachine({ template, parameters })).rejects.toThrow(
    /2 state machines.*\n.*Other, Greeting/,
  );
  await expect(createTestMachine({ template, resource: 'Greting', parameters })).rejects.toThrow(
    /'Greeting'/,
  );
  rmSync(dir, { recursive: true });
});

test('a path that leads to no file is refused, with the folder in which it was looked for', async () => {
  await expect(createTestMachine('machines/Sad.asl.json')).rejects.toThrow(
    `there is no file machines/Sad.asl.json in ${process.cwd()}\nFix: give the path`,
  );
});

test('a value from the environment stays inside the text it stands in, as in the local service', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'stepwright-')), 'Said.asl.json');
  const said = { StartAt: 'Say', States: { Say: { Type: 'Pass', Result: '${SAID}', End: true } } };
  writeFileSync(file, JSON.stringify(said));
  await expect(createTestMachine(file)).rejects.toThrow(/Said.asl.json uses \$\{SAID\}.* unset or empty/);
  process.env['SAID'] = 'a "b" \\ c\nd';
  try {
    const machine = await createTestMachine(file);
    expect(await machine.execute()).toHaveSucceededWith('a "b" \\ c\nd');
  } finally {
    delete process.env['SAID'];
    rmSync(dirname(file), { recursive: true });
  }
});

test('with mocks, as in a bed', async () => {
  const machine = await createTestMachine(HELLO, {
    activities: [HelloWorldActivity],
    mocks: [[Greeter, { greet: () => 'Hi' }]],
  });
  expect(await machine.execute({ who: 'hoge' })).toHaveSucceededWith({ message: 'Hi' });
});

test('the result has the visited states, the duration and the error', async () => {
  const succeeded = await pay({ cents: 5 });
  expect(succeeded).toHaveSucceededWith('receipt 1');
  expect(succeeded).toHaveVisited(['Pay', 'Done']);
  expect(succeeded.tookMs).toBe(30_000);

  const failed = await pay({ cents: -1 });
  expect(failed).toHaveFailedWith('NoMoney');
  expect(failed).toHaveVisited(['Pay', 'Sorry']);
  expect(failed.cause).toBe('declined');

  expect(await pay({})).toHaveFailedWith('Stepwright.InvalidInput', { errorType: 'Stepwright.InvalidInput' });
});

describe('faults', () => {
  test.each([
    ['lost-token', 2, 'receipt 1'],
    ['worker-dies', 2, 'receipt 2'],
    ['throttled', 1, 'receipt 1'],
  ] as const)('%s', async (fault, attempts, output) => {
    const result = await pay({ cents: 5 }, { faults: { 'Charging.charge': [fault] } });
    expect(result).toHaveSucceededWith(output);
    expect(result.attempts).toEqual({ Pay: attempts });
  });

  test('every attempt has one', async () => {
    const result = await pay({ cents: 5 }, { faults: { 'Charging.charge': Array(3).fill('lost-token') } });
    expect(result).toHaveFailedWith('States.Timeout');
    expect(result.attempts).toEqual({ Pay: 3 });
  });

  test.each([
    ['each handler of a method', { 'Resize.run': ['lost-token'] }, { Small: 2, Large: 2 }],
    ['one of them', { 'Resize.run': ['lost-token'], 'Resize.run@small': [] }, { Small: 1, Large: 2 }],
  ] as const)('are for %s, if it takes the tasks of several activities', async (_, faults, attempts) => {
    @Activity(['small', 'large'])
    class Resize {
      @Handle({ input: 'any' }) run(): void {}
    }
    const arn = 'arn:aws:states:eu-west-1:123456789012:activity';
    const task = { Type: 'Task', TimeoutSeconds: 9, Retry: [{ ErrorEquals: ['States.ALL'] }] };
    const definition = {
      StartAt: 'Small',
      States: {
        Small: { ...task, Resource: `${arn}:small`, Next: 'Large' },
        Large: { ...task, Resource: `${arn}:large`, End: true },
      },
    };
    const machine = await createTestMachine(definition, { activities: [Resize], faults });
    expect((await machine.execute()).attempts).toEqual(attempts);
  });
});

test('a day of waits, fifty retries and a human’s approval take no time', async () => {
  let calls = 0;
  @Activity('Flaky')
  class Flaky {
    @Handle() run(): string {
      if (++calls <= 50) throw new Error('again');
      return 'at last';
    }
  }
  @Activity('Approve')
  class Approval {
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle({ heartbeat: '1h' }) async run(): Promise<string> {
      await this.clock.sleep(8 * 3_600_000);
      return 'approved';
    }
  }
  const definition = {
    StartAt: 'Night',
    States: {
      Night: { Type: 'Wait', Seconds: 43_200, Next: 'Day' },
      Day: { Type: 'Wait', Seconds: 43_200, Next: 'Try' },
      Try: { Type: 'Task', Resource: arnOf('Flaky'), Retry: [retry], Next: 'Ask' },
      Ask: { Type: 'Task', Resource: arnOf('Approve'), End: true },
    },
  };
  const machine = await createTestMachine(definition, { activities: [Flaky, Approval] });
  // It would take days, were one of them real: the test has a limit of a minute.
  const result = await machine.execute();
  expect(result).toHaveSucceededWith('approved');
  expect(result.attempts).toEqual({ Try: 51, Ask: 1 });
  expect(result.tookMs).toBe(86_400_000 + 50 * 60_000 + 8 * 3_600_000);
});

describe('an execution that computes for long does not count as waiting', () => {
  const manyPasses = (limit: object): object => ({
    ...limit,
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'First',
          States: { First: { Type: 'Pass', Next: 'Second' }, Second: { Type: 'Pass', End: true } },
        },
        ResultPath: null,
        End: true,
      },
    },
  });
  const items = (length: number): number[] => Array.from({ length }, (_, index) => index);

  test('no time passes for it', async () => {
    const machine = await createTestMachine(manyPasses({ TimeoutSeconds: 86_400 }));
    expect(await machine.execute(items(4000))).toMatchObject({ status: 'succeeded', tookMs: 0 });
  });

  test('nor for others at the same time', async () => {
    const machine = await createTestMachine(manyPasses({}));
    const results = await Promise.all([machine.execute(items(1000)), machine.execute(items(1000))]);
    expect(results).toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }]);
  });
});

test('a task without a handler is reported at once, whatever its limits', async () => {
  const limited = structuredClone(PAYING);
  Object.assign(limited.States.Pay, { TimeoutSeconds: 3600 });
  const machine = await createTestMachine(limited);
  const began = machine.clock.now();
  await expect(machine.execute({ cents: 5 })).rejects.toThrow(
    /a task of arn:.*:activity:Charge waits, and no handler .*\nFix: give the class that takes it: activities: \[TheActivity\]/,
  );
  expect(machine.clock.now()).toBe(began);
});

test('an ARN of another region is not taken for the same activity: the nearest is named', async () => {
  @Activity(arnOf('Charge').replace('eu-west-1', 'us-east-1'))
  class Elsewhere {
    @Handle({ input: 'any' }) charge(_input: unknown): void {}
  }
  const machine = await createTestMachine(PAYING, { activities: [Elsewhere] });
  await expect(machine.execute({ cents: 5 })).rejects.toThrow(
    /eu-west-1:.*\n {2}Elsewhere\.charge takes arn:.*\nFix: did you mean arn:aws:states:us-east-1:123456789012:activity:Charge\?/,
  );
});

test('a path that needs no handler runs without one, and an ARN with unset variables stands for any', async () => {
  @Activity('arn:aws:states:${NO_SUCH_REGION}:123456789012:activity:Charge')
  class Anywhere {
    @Handle({ input: 'any' }) charge(_input: unknown): string {
      return 'paid';
    }
  }
  const machine = await createTestMachine(PAYING, { activities: [Anywhere] });
  expect(await machine.execute({ cents: 5 })).toMatchObject({ status: 'succeeded' });
  const choice = {
    StartAt: 'Free',
    States: {
      Free: {
        Type: 'Choice',
        Choices: [{ Variable: '$.cents', NumericEquals: 0, Next: 'Done' }],
        Default: 'Pay',
      },
      ...PAYING.States,
    },
  };
  const free = await createTestMachine(choice);
  expect(await free.execute({ cents: 0 })).toMatchObject({ status: 'succeeded' });
});

test('the fake timers of Jest stop no machine, and no task of a bed', async () => {
  jest.useFakeTimers();
  try {
    expect(await pay({ cents: 5 })).toHaveSucceededWith('receipt 1');
    const bed = await createTestBed(Charging);
    expect(await bed.run({ cents: 5 })).toHaveSucceededWith('receipt 1');
    const task = await bed.start({ cents: 5 });
    await task.advance('30s');
    expect(await task.outcome).toHaveSucceededWith('receipt 2');
  } finally {
    jest.useRealTimers();
  }
});

describe('a handler that never settles', () => {
  @Activity('Hangs', { heartbeat: false })
  class Hanging {
    @Handle() run(): Promise<never> {
      return new Promise(() => {});
    }
  }
  @Activity('Reads', { heartbeat: false })
  class Reading {
    @Handle() async run(): Promise<never> {
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
      throw new ActivityFailure('NoFile', 'it was not there');
    }
  }
  const task = (name: string, limit: object = {}): object => ({
    StartAt: name,
    States: { [name]: { Type: 'Task', Resource: arnOf(name), ...limit, End: true } },
  });
  const hanging = (limit: object = {}) => createTestMachine(task('Hangs', limit), { activities: [Hanging] });

  test('is ended by a limit of its state, at once', async () => {
    expect(await (await hanging({ TimeoutSeconds: 86_400 })).execute()).toHaveFailedWith('States.Timeout');
  });

  test('is named where nothing can end it', async () => {
    const machine = await hanging();
    const now = performance.now.bind(performance);
    let skipped = 0;
    const clock = jest.spyOn(performance, 'now');
    clock.mockImplementation(() => now() + (skipped += 500));
    try {
      await expect(machine.execute()).rejects.toThrow(
        /^Hanging\.run has not ended .* nothing is due by the clock\nFix: mock what it waits for/,
      );
    } finally {
      clock.mockRestore();
    }
  });

  test('does not hold up an execution that ends without it', async () => {
    const both = { Type: 'Parallel', Branches: [task('Hangs'), task('Reads')], End: true };
    const activities = [Hanging, Reading];
    const machine = await createTestMachine({ StartAt: 'Both', States: { Both: both } }, { activities });
    expect(await machine.execute()).toHaveFailedWith('NoFile');
  });
});

describe('a handler takes as many tasks at once as it has slots', () => {
  @Activity('Slow', { concurrency: 2 })
  class Slow {
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle({ input: 'any' }) async run(): Promise<void> {
      await this.clock.sleep(1000);
    }
  }
  const mapping = {
    StartAt: 'Each',
    TimeoutSeconds: 8,
    States: {
      Each: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Work',
          States: { Work: { Type: 'Task', Resource: arnOf('Slow'), ResultPath: null, End: true } },
        },
        End: true,
      },
    },
  };
  test.each<[TestMachineOptions, object]>([
    [{}, { status: 'succeeded', tookMs: 5000 }],
    [{ concurrency: 1 }, { status: 'timedOut', tookMs: 8000 }],
    [{ concurrency: Number.POSITIVE_INFINITY }, { status: 'succeeded', tookMs: 1000 }],
    [
      { faults: { 'Slow.run': ['lost-token', 'worker-dies'] }, concurrency: 1 },
      { status: 'timedOut', tookMs: 8000 },
    ],
  ])('%j', async (options, expected) => {
    const machine = await createTestMachine(mapping, { activities: [Slow], ...options });
    expect(await machine.execute([...Array(10).keys()])).toMatchObject(expected);
  });

  test('and a number that is none is refused', async () => {
    await expect(createTestMachine(mapping, { activities: [Slow], concurrency: 0 })).rejects.toThrow(
      /concurrency.*expected a whole number of tasks from 1 up, or Infinity/,
    );
  });
});

test('a report reaches the service before the poll for which its slot came free', async () => {
  @Activity('Fails', { concurrency: 1 })
  class Failing {
    @Handle() async run(): Promise<never> {
      throw new ActivityFailure('Broken', 'at once');
    }
  }
  const branch = (name: string) => ({
    StartAt: name,
    States: { [name]: { Type: 'Task', Resource: arnOf('Fails'), End: true } },
  });
  const both = { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true };
  const machine = await createTestMachine(
    { StartAt: 'Both', States: { Both: both } },
    { activities: [Failing] },
  );
  const { history } = await machine.execute();
  const types = history.map((event) => Reflect.get(event, 'type') as string);
  // The failure of the first aborts the second, which waits for the one slot.
  expect(types.filter((type) => /^Activity(Started|Failed)/.test(type))).toEqual([
    'ActivityStarted',
    'ActivityFailed',
  ]);
});

test('the result is whole, however large the history', async () => {
  const names = Array.from({ length: 30 }, (_, at) => `S${at}`);
  const next = (at: number): object => (at === 29 ? { End: true } : { Next: names[at + 1] });
  const States = Object.fromEntries(names.map((name, at) => [name, { Type: 'Pass', ...next(at) }]));
  const result = await (await createTestMachine({ StartAt: 'S0', States })).execute('x'.repeat(200_000));
  expect(result).toHaveVisited(names);
  expect(result.history.at(-1)).toMatchObject({ type: 'ExecutionSucceeded', id: 62 });
});

test('other resources are answered by `resources`', async () => {
  const definition = {
    StartAt: 'Call',
    States: {
      Call: { Type: 'Task', Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:f', End: true },
    },
  };
  const without = await createTestMachine(definition);
  expect(await without.execute()).toMatchObject({ status: 'failed', error: 'States.Runtime' });
  const machine = await createTestMachine(definition, { resources: { 'TestMachine.Call': { output: 7 } } });
  expect(await machine.execute()).toMatchObject({ status: 'succeeded' });
});
