import { describe, expect, test } from '@jest/globals';
import { IsString, Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { delay, inject, injectable, injectAll, injectWithTransform, singleton } from 'tsyringe';
import { Activity, Handle, type Interceptor } from 'stepwright';
import {
  createTestBed,
  matchers,
  mock,
  type StepwrightMatchers,
  type TestBedOptions,
} from 'stepwright/testing';

declare module 'expect' {
  // oxlint-disable-next-line typescript/no-empty-object-type -- this is how matchers are declared
  interface Matchers<R> extends StepwrightMatchers<R> {}
}

expect.extend(matchers);

@injectable()
class Store {
  load = (): string => 'really loaded';
}
@injectable()
class Mailer {
  constructor(readonly store: Store) {}
  send = (): string => `sent what was ${this.store.load()}`;
}
@Activity('mail')
class Mails {
  constructor(
    private readonly mailer: Mailer,
    @inject('sender') private readonly sender: { name: string },
  ) {}
  @Handle() run(): unknown {
    return [this.mailer.send(), this.sender.name];
  }
}

test('makes a stand-in for every dependency without a mock', async () => {
  const asked: unknown[] = [];
  const bed = await createTestBed(Mails, {
    mocks: [['sender', { name: 'me' }]],
    useMocker: (token) => {
      asked.push(token);
      return { send: () => 'pretended' };
    },
  });
  expect(await bed.run({})).toEqual({ status: 'succeeded', output: ['pretended', 'me'] });
  expect(asked).toEqual([Mailer]);
});

test("keeps the real one where it returns nothing, and is asked for that one's dependencies", async () => {
  const bed = await createTestBed(Mails, {
    useMocker: (token) =>
      token === Store ? { load: () => 'pretended' } : token === 'sender' ? { name: 'x' } : undefined,
  });
  expect(await bed.run({})).toEqual({ status: 'succeeded', output: ['sent what was pretended', 'x'] });
});

describe('everything mocked never reaches the real thing', () => {
  @injectable()
  class Database {
    ask(): string {
      return 'asked the real database';
    }
  }
  @injectable()
  class Repository {
    constructor(private readonly database: Database) {}
    ask(): string {
      return this.database.ask();
    }
  }
  class Name {
    @IsString() name!: string;
  }
  const pretend = { ask: (): string => 'pretended' };

  @Activity('delayed')
  class Delayed {
    constructor(@inject(delay(() => Database)) private readonly database: Database) {}
    @Handle() run({ name }: Name): string {
      return `${name}: ${this.database.ask()}`;
    }
  }

  @injectable()
  class Loud {
    transform = (database: Database): Database => database;
  }
  @Activity('transformed')
  class Transformed {
    constructor(@injectWithTransform('db', Loud) private readonly database: Database) {}
    @Handle() run({ name }: Name): string {
      return `${name}: ${this.database.ask()}`;
    }
  }

  @Activity('several')
  class Several {
    constructor(@injectAll('dbs') private readonly databases: readonly Database[]) {}
    @Handle() run({ name }: Name): string {
      return `${name}: ${this.databases.map((each) => each.ask()).join(', ')}`;
    }
  }

  @ValidatorConstraint({ async: true })
  @injectable()
  class IsKnown implements ValidatorConstraintInterface {
    constructor(private readonly database: Database) {}
    async validate(): Promise<boolean> {
      return this.database.ask() === 'pretended';
    }
  }
  class Known {
    @Validate(IsKnown) name!: string;
  }
  @Activity('ruled')
  class Ruled {
    @Handle() run({ name }: Known): string {
      return `${name}: pretended`;
    }
  }

  @injectable()
  class Asking implements Interceptor {
    constructor(private readonly database: Database) {}
    async intercept(_task: unknown, next: () => Promise<unknown>): Promise<unknown> {
      return `${String(await next())}${this.database.ask()}`;
    }
  }
  @Activity('intercepted', { interceptors: [Asking] })
  class Intercepted {
    @Handle() run({ name }: Name): string {
      return `${name}: `;
    }
  }

  @Activity('named')
  class Named {
    constructor(@inject('gateway') private readonly gateway: Repository) {}
    @Handle() run({ name }: Name): string {
      return `${name}: ${this.gateway.ask()}`;
    }
  }

  test.each<[string, Parameters<typeof createTestBed>[0], TestBedOptions]>([
    ['a rule with dependencies', Ruled, {}],
    ['an interceptor', Intercepted, {}],
    ['what is injected by delay', Delayed, {}],
    [
      'what a transform is given',
      Transformed,
      { setup: (own) => void own.register('db', { useClass: Repository }) },
    ],
    ['a list', Several, { setup: (own) => void own.register('dbs', Database).register('dbs', Database) }],
    [
      'a class that setup registers for a name',
      Named,
      { setup: (own) => void own.register('gateway', { useClass: Repository }) },
    ],
    [
      'another name that setup gives it',
      Named,
      {
        setup: (own) => void own.register('db', Database).register('gateway', { useToken: 'db' }),
      },
    ],
    ['a stand-in with dependencies', Named, { mocks: [['gateway', { useClass: Repository }]] }],
  ])('%s', async (_, classes, options) => {
    const useMocker: TestBedOptions['useMocker'] = (token) =>
      [Database, 'db', 'dbs'].includes(token as string) ? pretend : undefined;
    const bed = await createTestBed(classes, { ...options, useMocker });
    expect(await bed.runText('{"name":"a"}')).toEqual({ status: 'succeeded', output: 'a: pretended' });
  });

  test('what setup registers, for whoever asks by hand', async () => {
    const setup: TestBedOptions['setup'] = (own) => {
      own.registerSingleton(Database);
      own.register('finder', { useFactory: (container) => () => container.resolve(Database) });
    };
    @Activity('finding')
    class Finding {
      constructor(@inject('finder') private readonly find: () => Database) {}
      @Handle() run({ name }: Name): string {
        return `${name}: ${this.find().ask()}`;
      }
    }
    const useMocker: TestBedOptions['useMocker'] = (token) => (token === Database ? pretend : undefined);
    const bed = await createTestBed(Finding, { setup, useMocker });
    expect(await bed.run({ name: 'a' })).toEqual({ status: 'succeeded', output: 'a: pretended' });
  });

  test.each<[string, unknown]>([
    ['a value', pretend],
    [
      'a class',
      class {
        ask = (): string => 'pretended';
      },
    ],
    ['a factory', () => pretend],
    ['{ useValue }', { useValue: pretend }],
    ['{ useFactory }', { useFactory: () => pretend }],
    [
      '{ useClass }',
      {
        useClass: class {
          ask = (): string => 'pretended';
        },
      },
    ],
  ])('it may return %s, as mocks may', async (_, standIn) => {
    const bed = await createTestBed(Intercepted, { useMocker: () => standIn });
    expect(await bed.run({ name: 'a' })).toEqual({ status: 'succeeded', output: 'a: pretended' });
  });
});

test('a mock takes the place of a whole list', async () => {
  @Activity('listed')
  class Listed {
    constructor(@injectAll('names') private readonly names: readonly string[]) {}
    @Handle() run(): readonly string[] {
      return this.names;
    }
  }
  const setup: TestBedOptions['setup'] = (own) => void own.register('names', { useValue: 'real' });
  const one = await createTestBed(Listed, { setup, mocks: [['names', 'mock']] });
  expect(await one.run({})).toEqual({ status: 'succeeded', output: ['mock'] });
  const mocks = [
    ['names', 'first'],
    ['names', 'second'],
  ] as const;
  const two = await createTestBed(Listed, { setup, mocks });
  expect(await two.run({})).toEqual({ status: 'succeeded', output: ['first', 'second'] });
});

test('a value of setup is disposed of where its class is a singleton, too', async () => {
  @singleton()
  class Pool {
    closed = false;
    dispose(): void {
      this.closed = true;
    }
  }
  const pool = new Pool();
  const bed = await createTestBed([], { setup: (own) => void own.register(Pool, { useValue: pool }) });
  await bed.close();
  expect(pool.closed).toBe(true);
});

describe('a mock that lacks a method', () => {
  @injectable()
  class Account {
    balance(): number {
      return 0;
    }
  }
  @injectable()
  class Bank extends Account {
    transfer(): string {
      return 'real money';
    }
    refund(): string {
      return 'real money back';
    }
  }
  @Activity('money')
  class Money {
    constructor(private readonly bank: Bank) {}
    @Handle({ input: 'any' }) run(method: 'transfer' | 'refund' | 'balance'): unknown {
      return this.bank[method]();
    }
  }
  const frozen = Object.freeze({ transfer: () => 'r1' });

  test.each<[string, TestBedOptions]>([
    ['as a value', { mocks: [[Bank, { transfer: () => 'r1' }]] }],
    ['by mock()', { mocks: [mock(Bank, { transfer: () => 'r1' })] }],
    ['of a factory', { mocks: [[Bank, () => ({ transfer: () => 'r1' })]] }],
    ['by { useValue }', { mocks: [[Bank, { useValue: { transfer: () => 'r1' } }]] }],
    ['of a mocker', { useMocker: () => ({ transfer: () => 'r1' }) }],
  ])('says so when the method is called: %s', async (_, options) => {
    const bed = await createTestBed(Money, options);
    expect(await bed.run('transfer')).toEqual({ status: 'succeeded', output: 'r1' });
    for (const method of ['refund', 'balance'] as const) {
      expect(await bed.run(method)).toHaveFailedWith('TypeError', {
        errorMessage: `the mock of Bank has no method '${method}'\nFix: write it: [Bank, { ${method}: () => … }]`,
      });
    }
  });

  test('stays the same object, and may stand in for two classes', async () => {
    const stub = { transfer: () => 'r1' };
    const bed = await createTestBed(Money, {
      mocks: [[Bank, stub], mock(Account, stub as object, { optional: true })],
    });
    expect(bed.container.resolve(Bank)).toBe(stub);
    expect(stub).toStrictEqual({ transfer: expect.any(Function) });
    expect(await Promise.resolve(stub)).toBe(stub);
    expect(JSON.stringify(stub)).toBe('{}');
  });

  test.each<[string, object]>([
    ['a frozen one', frozen],
    ['a proxy of a library of mocks', new Proxy({}, { get: () => () => 'r1' })],
  ])('is left as it is where it must be: %s', async (_, stub) => {
    const bed = await createTestBed(Money, { mocks: [['x', 1, { optional: true }], mock(Bank, stub)] });
    expect(await bed.run('transfer')).toEqual({ status: 'succeeded', output: 'r1' });
    expect(Object.getPrototypeOf(stub)).toBe(Object.prototype);
  });
});
