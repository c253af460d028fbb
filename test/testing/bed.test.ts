import { readFile } from 'node:fs/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { container as root, type DependencyContainer, inject, injectable, singleton } from 'tsyringe';
import { IsString } from 'class-validator';
import {
  Activity,
  CLOCK,
  type Clock,
  Handle,
  TASK_CONTEXT,
  type TaskAborted,
  type TaskContext,
} from 'stepwright';
import { createTestBed, HandClock, type Mock } from 'stepwright/testing';

class Hello {
  @IsString() who!: string;
}
@injectable()
class Greeter {
  greet(who: string): string {
    return `Hello ${who}`;
  }
}
@Activity('arn:aws:states:eu-west-1:123456789012:activity:Greeting')
class Greeting {
  constructor(private readonly greeter: Greeter) {}
  @Handle() hello({ who }: Hello): string {
    return this.greeter.greet(who);
  }
}

const succeeded = (output: unknown) => ({ status: 'succeeded', output });

describe('bed.get', () => {
  @injectable()
  class Ledger {
    readonly lines: string[] = [];
  }
  @injectable()
  class Audit {
    constructor(readonly ledger: Ledger) {}
  }
  @Activity('book')
  class Booking {
    constructor(
      readonly ledger: Ledger,
      @inject('currency') readonly currency: string,
    ) {}
    @Handle({ input: 'any' }) run(line: string): void {
      this.ledger.lines.push(line);
    }
  }
  const mocks: Mock[] = [['currency', 'EUR']];

  test('returns the instance that the handler has, of a class that is no singleton', async () => {
    const bed = await createTestBed(Booking, { mocks });
    await bed.run('a');
    expect(bed.get(Ledger).lines).toEqual(['a']);
    expect(bed.get(Booking).ledger).toBe(bed.get(Ledger));
    expect(bed.get('currency')).toBe('EUR');
  });

  test('returns what setup has registered, although no handler is injected with it', async () => {
    const other = new Greeter();
    const setup = (container: DependencyContainer): void => void container.registerInstance(Greeter, other);
    expect((await createTestBed(Booking, { mocks, setup })).get(Greeter)).toBe(other);
  });

  test('refuses what is injected into nothing, and what two classes have one each of', async () => {
    @Activity('audited')
    class Audited {
      constructor(
        readonly audit: Audit,
        readonly ledger: Ledger,
      ) {}
      @Handle() run(): void {}
    }
    const bed = await createTestBed(Audited);
    expect(bed.get(Audited).audit).toBe(bed.get(Audit));
    expect(() => bed.get(Ledger)).toThrow(/^bed\.get\(Ledger\): several instances .*\nFix: .*@singleton\(\)/);
    expect(() => bed.get(Greeter)).toThrow(
      /^bed\.get\(Greeter\): it was injected into nothing .*: did you mean/,
    );
  });
});

describe('mocks', () => {
  class Rude {
    greet = (who: string): string => `Go away, ${who}`;
  }
  const value = { greet: (who: string): string => `Hi ${who}` };
  test.each<[string, Mock, string]>([
    ['a value', [Greeter, value], 'Hi a'],
    ['a class', [Greeter, Rude], 'Go away, a'],
    ['a factory', [Greeter, () => value], 'Hi a'],
    ['{ useValue }', [Greeter, { useValue: value }], 'Hi a'],
    ['{ useFactory }', [Greeter, { useFactory: () => value }], 'Hi a'],
    ['{ useClass }', [Greeter, { useClass: Rude }], 'Go away, a'],
  ])('%s', async (_, mock, output) => {
    const bed = await createTestBed(Greeting, { mocks: [mock] });
    expect(await bed.run({ who: 'a' })).toEqual(succeeded(output));
  });

  test('a value is used as it is, never copied', async () => {
    const greet = jest.fn((who: string) => `Hi ${who}`);
    const mock = { greet };
    const bed = await createTestBed(Greeting, { mocks: [[Greeter, mock]] });
    await bed.run({ who: 'a' });
    expect(greet).toHaveBeenCalledWith('a');
    expect(bed.get(Greeter)).toBe(mock);
  });

  test('a function is the value of a token that is no class', async () => {
    @Activity('send')
    class Sending {
      constructor(@inject('send') private readonly send: (text: string) => string) {}
      @Handle() run(): string {
        return this.send('a');
      }
    }
    const bed = await createTestBed(Sending, { mocks: [['send', (text: string) => `sent ${text}`]] });
    expect(await bed.runText('{}')).toEqual(succeeded('sent a'));
  });

  test('a bed that can not be made disposes of what setup opened', async () => {
    const closed: string[] = [];
    class Connection {
      dispose(): void {
        closed.push('closed');
      }
    }
    @Activity('needy')
    class Needy {
      constructor(@inject('nobody provides this') readonly nothing: unknown) {}
      @Handle() run(): void {}
    }
    const open = (own: DependencyContainer): void =>
      void own.registerSingleton(Connection).resolve(Connection);
    const fail = (own: DependencyContainer): void => {
      open(own);
      throw new Error('no database');
    };
    await expect(createTestBed(Needy, { setup: open })).rejects.toThrow(/DEPENDENCY_UNRESOLVED/);
    await expect(createTestBed([], { setup: fail })).rejects.toThrow(/SETUP_FAILED/);
    expect(closed).toEqual(['closed', 'closed']);
  });

  test('undefined is one', async () => {
    @Activity('maybe')
    class Maybe {
      constructor(@inject('maybe') private readonly maybe: unknown) {}
      @Handle() run(): string {
        return typeof this.maybe;
      }
    }
    const bed = await createTestBed(Maybe, { mocks: [['maybe', undefined]] });
    expect(await bed.runText('null')).toEqual(succeeded('undefined'));
  });

  test('an optional one may go unused, and one of TASK_CONTEXT is an error', async () => {
    const bed = await createTestBed(Greeting, { mocks: [['nobody', 1, { optional: true }]] });
    expect(await bed.run({ who: 'a' })).toEqual(succeeded('Hello a'));
    await expect(createTestBed(Greeting, { mocks: [['nobody', 1]] })).rejects.toThrow(/mocks: 'nobody'/);
    await expect(createTestBed(Greeting, { mocks: [[TASK_CONTEXT, {}]] })).rejects.toThrow(
      /mocks: TASK_CONTEXT.*each task is injected with its own context/,
    );
  });

  test('they win over setup', async () => {
    const bed = await createTestBed(Greeting, {
      setup: (own) => void own.register(Greeter, { useValue: { greet: () => 'from setup' } }),
      mocks: [[Greeter, { greet: () => 'from the mock' }]],
    });
    expect(await bed.run({ who: 'a' })).toEqual(succeeded('from the mock'));
  });

  test('one bed never sees the mocks of another, nor does what is registered globally', async () => {
    @singleton()
    class Clerk {
      constructor(readonly greeter: Greeter) {}
    }
    @Activity('clerk')
    class Desk {
      constructor(private readonly clerk: Clerk) {}
      @Handle() run({ who }: Hello): string {
        return this.clerk.greeter.greet(who);
      }
    }
    const mocked = await createTestBed(Desk, { mocks: [[Greeter, { greet: () => 'mocked' }]] });
    const real = await createTestBed(Desk);
    const other = await createTestBed(Desk, { mocks: [[Greeter, { greet: () => 'other' }]] });
    expect(await mocked.run({ who: 'a' })).toEqual(succeeded('mocked'));
    expect(await real.run({ who: 'a' })).toEqual(succeeded('Hello a'));
    expect(await other.run({ who: 'a' })).toEqual(succeeded('other'));
    expect(await mocked.run({ who: 'a' })).toEqual(succeeded('mocked'));
    expect(root.resolve(Clerk).greeter).toBeInstanceOf(Greeter);
  });
});

describe('several handlers', () => {
  @Activity('work')
  class Work {
    @Handle() first(_input: Hello): string {
      return 'first';
    }
    @Handle({ activity: 'more' }) second(_input: Hello): string {
      return 'second';
    }
  }

  test('are named', async () => {
    const bed = await createTestBed([Work, Greeting]);
    expect(await bed.runText('{"who":"a"}', { handler: 'Work.second' })).toEqual(succeeded('second'));
    expect(await bed.runText('{"who":"a"}', { handler: 'Greeting.hello' })).toEqual(succeeded('Hello a'));
  });

  test.each([
    [undefined, "name one: run(input, { handler: '…' }). There are: Work.first, Work.second"],
    ['Work.third', "no handler 'Work.third': did you mean 'Work.first'? There are: Work.first, Work.second"],
  ])('the bed lists them for a missing or wrong name: %s', async (handler, message) => {
    const bed = await createTestBed(Work);
    const options = handler === undefined ? {} : { handler: handler as 'Work.first' };
    await expect(bed.run({ who: 'a' }, options)).rejects.toThrow(message);
  });
});

test('the method of a list of activities runs as the first of them, or as the one that is named', async () => {
  @Activity(['small', 'large'])
  class Resize {
    @Handle() run(_input: Hello, task: TaskContext): string {
      return task.handler;
    }
  }
  const bed = await createTestBed(Resize);
  expect(await bed.run({ who: 'a' })).toEqual(succeeded('Resize.run@small'));
  expect(await bed.run({ who: 'a' }, { handler: 'Resize.run' })).toEqual(succeeded('Resize.run@small'));
  const named = { handler: 'Resize.run@large' as 'Resize.run' };
  expect(await bed.run({ who: 'a' }, named)).toEqual(succeeded('Resize.run@large'));
});

test('a bed ignores unset variables of an activity, and differing accounts', async () => {
  @Activity('arn:aws:states:eu-west-1:${NOBODY_SETS_THIS}:activity:Other')
  class Other {
    @Handle() run(): string {
      return 'ran';
    }
  }
  @Activity('arn:aws:states:eu-west-1:999999999999:activity:Third')
  class Third {
    @Handle() run(): string {
      return 'third';
    }
  }
  const bed = await createTestBed([Greeting, Other, Third]);
  expect(await bed.runText('{}', { handler: 'Other.run' })).toEqual(succeeded('ran'));
});

test('the trace of a handler that throws at once shows nothing of the test', async () => {
  @Activity('throws')
  class Throwing {
    @Handle({ input: 'any' }) run(_input: unknown): never {
      throw new Error('at once');
    }
  }
  const bed = await createTestBed(Throwing);
  const result = await bed.run(1);
  if (result.status !== 'failed') throw new Error('it fails');
  const { trace }: { trace: string[] } = JSON.parse(result.cause);
  expect(trace).toEqual([expect.stringMatching(/^at Throwing\.run .*bed\.test\.ts/)]);
});

test('the context of a run is never aborted', async () => {
  @Activity('arn:aws:states:eu-west-1:123456789012:activity:Look')
  class Look {
    @Handle() async run(_input: Hello, task: TaskContext): Promise<unknown> {
      await task.heartbeat();
      const { handler, activityArn, workerName, token, rawInput, receivedAt } = task;
      return {
        handler,
        activityArn,
        workerName,
        token,
        rawInput,
        receivedAt,
        aborted: [task.signal.aborted, task.shuttingDown.aborted],
      };
    }
  }
  const bed = await createTestBed(Look);
  await bed.runText('{"who":"a"}');
  expect(await bed.runText('{"who": "b"}')).toEqual(
    succeeded({
      handler: 'Look.run',
      activityArn: 'arn:aws:states:eu-west-1:123456789012:activity:Look',
      workerName: 'test-bed',
      token: 'test-bed-2',
      rawInput: '{"who": "b"}',
      receivedAt: '2026-01-01T00:00:00.000Z',
      aborted: [false, false],
    }),
  );
});

test("`run` sends its input as JSON, so a handler gets what a worker's would", async () => {
  @Activity('any')
  class Anything {
    @Handle({ input: 'any' }) run(input: unknown): unknown {
      return [input];
    }
  }
  const bed = await createTestBed(Anything);
  expect(await bed.run({ at: new Date(0), none: undefined, list: [undefined] })).toEqual(
    succeeded([{ at: '1970-01-01T00:00:00.000Z', list: [null] }]),
  );
  expect(await bed.run(undefined)).toEqual(succeeded([null]));
});

test('a bed fails by the problems that keep a worker from starting', async () => {
  @Activity('broken')
  class Broken {
    readonly name = 'broken';
  }
  await expect(createTestBed(Broken)).rejects.toThrow(/Broken: it has @Activity, but none of its methods/);
});

test('a class can be tested without a bed', () => {
  expect(new Greeting({ greet: () => 'Hi' }).hello({ who: 'a' })).toBe('Hi');
});

test('a clock of the test in place of CLOCK is moved by the test alone, and the deadline is on it', async () => {
  @Activity('wait')
  class Waiting {
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle({ input: 'any', timeout: '1m' }) async wait({ ms }: { ms: number }): Promise<number> {
      await this.clock.sleep(ms);
      return ms;
    }
  }
  const clock = new HandClock();
  const bed = await createTestBed(Waiting, { mocks: [[CLOCK, clock]] });
  expect(bed.clock).toBe(clock);
  const results = Promise.all([bed.run({ ms: 59_999 }), bed.run({ ms: 90_000 })]);
  await clock.advance(90_000);
  expect(await results).toMatchObject([succeeded(59_999), { error: 'Stepwright.DeadlineExceeded' }]);
});

describe('a handler with a timeout', () => {
  const aborts: unknown[] = [];
  let wait: (clock: Clock, task: TaskContext) => Promise<unknown> = async () => {};
  @Activity('limited', { timeout: '1s' })
  class Limited {
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle({ input: 'any' }) async run(_: unknown, task: TaskContext): Promise<string> {
      task.signal.addEventListener('abort', () => aborts.push((task.signal.reason as TaskAborted).kind));
      await wait(this.clock, task);
      return 'done';
    }
  }

  test.each<[string, typeof wait]>([
    ['that sleeps for longer', (clock) => clock.sleep(5000)],
    ['that heeds its signal', (clock, { signal }) => clock.sleep(5000, signal)],
    ['that ends with its deadline', (clock) => clock.sleep(1000)],
    ['that waits for ever', () => new Promise(() => {})],
  ])('fails as in a worker: one %s', async (_, waiting) => {
    [wait, aborts.length] = [waiting, 0];
    const bed = await createTestBed(Limited, { realTimeLimit: '100ms' });
    const cause = expect.stringContaining('within its timeout of 1000 ms');
    expect(await bed.run(null)).toEqual({ status: 'failed', error: 'Stepwright.DeadlineExceeded', cause });
    expect(aborts).toEqual(['deadline']);
  });

  test('has time for what the bed does not see, and for real work', async () => {
    const bed = await createTestBed(Limited);
    let answer: (value: unknown) => void = () => {};
    wait = () => new Promise((resolve) => (answer = resolve));
    const run = bed.run(null);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    answer('late');
    expect(await run).toEqual(succeeded('done'));
    wait = () => readFile('package-lock.json');
    expect(await bed.run(null)).toEqual(succeeded('done'));
    wait = (clock) => clock.sleep(999);
    expect(await bed.run(null)).toEqual(succeeded('done'));
  });

  test('also beside a task that the test moves', async () => {
    const bed = await createTestBed(Limited);
    wait = (clock) => clock.sleep(5000);
    const started = await bed.start(null);
    expect(await bed.run(null)).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
    expect(started.settled).toBe(false);
    await bed.close();
  });
});
