import { jest } from '@jest/globals';
import { IsOptional, IsString } from 'class-validator';
import { inject, injectable, type InjectionToken } from 'tsyringe';
import { Activity, CLOCK, Handle, RANDOM } from 'stepwright';
import {
  createTestBed,
  createTestMachine,
  HandClock,
  mock,
  type Mock,
  type TestBed,
  type TestBedOptions,
} from 'stepwright/testing';

type Status = 'open' | 'paid';

@injectable()
export class Greeter {
  private readonly words = 'Hello';
  greet(who: string): string {
    return `${this.words} ${who}`;
  }
  bye(who: string): string {
    return `Bye ${who}`;
  }
}
@injectable()
class Shop {
  constructor(readonly name: string) {}
  status(): Status {
    return 'open';
  }
  async load(id: string): Promise<{ id: string; status: Status; place: [number, number] } | undefined> {
    return { id, status: 'paid', place: [0, 0] };
  }
}
interface Gateway {
  charge(cents: number): Promise<string>;
  refund(id: string): Promise<void>;
}
const tokens: { readonly GATEWAY: InjectionToken<Gateway> } = { GATEWAY: Symbol('gateway') };
export const { GATEWAY } = tokens;

class Polite {
  greet(): string {
    return 'Hi';
  }
}
class Counting {
  greet(): number {
    return 7;
  }
}
class Hello {
  @IsString() who!: string;
  @IsOptional() @IsString() nick?: string;
  get shout(): string {
    return this.who.toUpperCase();
  }
}
@Activity('greet')
export class Greeting {
  constructor(
    readonly greeter: Greeter,
    @inject(GATEWAY) readonly gateway: Gateway,
  ) {}
  @Handle() greet({ who, shout }: Hello): string {
    return `${this.greeter.greet(who)} ${shout}`;
  }
  @Handle({ activity: 'ping' }) ping(): number {
    return 1;
  }
}
@Activity('nothing')
export class Nothing {
  @Handle() run(): string {
    return 'ran';
  }
}
@Activity('one')
export class One {
  @Handle() go({ who }: Hello): string {
    return who;
  }
}
@Activity('two')
export class Two {
  @Handle({ input: 'any' }) go(input: { count: number }): number {
    return input.count;
  }
}

// Each line under a @ts-expect-error fails the type check of the tests if the compiler accepts it. Nothing here is run.
export const mocks = (): unknown[] => [
  mock(Greeter, { greet: () => 'Hi' }),
  mock(Greeter, { greet: (who) => who.trim() }),
  mock(Greeter, {}, { optional: true }),
  mock(Greeter, new Greeter()),
  mock(Greeter, Polite),
  mock(Greeter, () => ({ greet: () => 'Hi' })),
  mock(Greeter, { useValue: { greet: () => 'Hi' } }),
  mock(Greeter, { useFactory: () => ({ greet: () => 'Hi' }) }),
  mock(Greeter, { greet: jest.fn(() => 'Hi') }),
  mock(Greeter, { greet: jest.fn<Greeter['greet']>() }),
  mock(Shop, { status: () => 'paid', load: async () => undefined }),
  mock(GATEWAY, { charge: async () => 'ch_1' }),
  mock(RANDOM, () => 0.5),
  mock('a text', { anything: 1 }),

  // @ts-expect-error -- Greeter has no such method
  mock(Greeter, { gret: () => 'Hi' }),
  // @ts-expect-error -- it returns a text
  mock(Greeter, { greet: () => 7 }),
  // @ts-expect-error -- of a text
  mock(Greeter, { greet: (who: number) => String(who) }),
  // @ts-expect-error -- at once
  mock(Greeter, { greet: async () => 'Hi' }),
  // @ts-expect-error -- so does the instance of a class
  mock(Greeter, Counting),
  // @ts-expect-error -- and what a factory makes
  mock(Greeter, () => ({ greet: () => 7 })),
  // @ts-expect-error -- and a provider's value
  mock(Greeter, { useValue: { greet: () => 7 } }),
  // @ts-expect-error -- there is no such status
  mock(Shop, { status: () => 'lost' }),
  // @ts-expect-error -- no Gateway has that
  mock(GATEWAY, { nope: 1 }),
  // @ts-expect-error -- a function for a symbol is its value, no factory
  mock(GATEWAY, () => ({ charge: async () => 'ch_1' })),
  // @ts-expect-error -- a random number is no text
  mock(RANDOM, () => 'x'),
];

const sharedMocks = [
  mock(Greeter, { greet: () => 'Hi' }),
  mock(GATEWAY, { charge: async () => 'ch_1' }),
  mock('text', 1),
];
const someMocks: Mock[] = [mock(Greeter, {}), ['text', 1]];

export const tuples = (): unknown[] => [
  createTestBed(Greeting, { mocks: [[Greeter, { greet: () => 'Hi' }]] }),
  createTestBed(Greeting, { mocks: [[Greeter, { greet: (who) => who.trim() }, { optional: true }]] }),
  createTestBed(Greeting, {
    mocks: [mock(Greeter, { greet: () => 'Hi' }), ['text', 7], [CLOCK, new HandClock()]],
  }),
  createTestBed(Greeting, { mocks: [[Shop, { status: () => 'paid', load: async () => undefined }]] }),
  createTestBed(Greeting, {
    mocks: [[Shop, { load: async () => ({ id: '1', status: 'paid', place: [1, 2] }) }]],
  }),
  createTestBed(Greeting, {
    mocks: [[Shop, () => ({ load: async (id) => ({ id, status: 'paid', place: [1, 2] }) })]],
  }),
  createTestBed(Greeting, { mocks: [[Shop, { load: () => new Promise(() => {}) }]] }),
  createTestBed(Greeting, { mocks: [[Shop, { load: () => Promise.reject(new Error('down')) }]] }),
  createTestBed(Greeting, { mocks: sharedMocks }),
  createTestBed(Greeting, { mocks: someMocks }),
  createTestBed(Greeting, { mocks: [...someMocks, [Greeter, {}]] }),
  createTestBed(Greeting, { mocks: [...sharedMocks, [Greeter, {}]] }),
  createTestMachine({}, { mocks: [[Greeter, { greet: () => 'Hi' }]] }),

  // @ts-expect-error -- Greeter has no such method
  createTestBed(Greeting, { mocks: [[Greeter, { gret: () => 'Hi' }]] }),
  createTestBed(Greeting, {
    mocks: [
      ['text', 1],
      // @ts-expect-error -- it returns a text
      [Greeter, { greet: () => 7 }],
    ],
  }),
  // @ts-expect-error -- at once
  createTestBed(Greeting, { mocks: [[Greeter, { greet: async () => 'Hi' }]] }),
  // @ts-expect-error -- there is no such status
  createTestBed(Greeting, { mocks: [[Shop, { status: () => 'lost' }]] }),
  // @ts-expect-error -- no Gateway has that
  createTestBed(Greeting, { mocks: [[GATEWAY, { nope: 1 }]] }),
  // @ts-expect-error -- beside others, too
  createTestBed(Greeting, { mocks: [...someMocks, [Greeter, { greet: () => 7 }]] }),
  // @ts-expect-error -- and beside those that mock() has checked
  createTestBed(Greeting, { mocks: [...sharedMocks, [Greeter, { greet: () => 7 }]] }),
  // @ts-expect-error -- there is no such option of a mock
  createTestBed(Greeting, { mocks: [[Greeter, {}, { optionl: true }]] }),
  // @ts-expect-error -- nor of a bed
  createTestBed(Greeting, { mock: [] }),
  // @ts-expect-error -- a machine looks, too
  createTestMachine({}, { mocks: [[Greeter, { gret: () => 'Hi' }]] }),
];

export async function inputs(): Promise<unknown[]> {
  const [greeting, nothing] = [await createTestBed(Greeting), await createTestBed(Nothing)];
  const [one, list, named] = [
    await createTestBed(One),
    await createTestBed([One, Two]),
    await createTestBed({ One, Two }),
  ];
  const typed: TestBed<One> = one;
  const named2: TestBed<One | Two, { One: One; Two: Two }> = named;
  // eslint-disable-next-line typescript/no-explicit-any
  const loose = await createTestBed(One as any);
  const options: TestBedOptions = { mocks: [[Greeter, 7]] };
  return [
    typed,
    options,
    named2,
    loose.run(),
    loose.run({ who: 7 }, { handler: 'One.go' }),
    one.run({ who: 7 } as unknown),
    one.run(JSON.parse('{"who":7}')),
    one.start({ who: 7 } as unknown, { heartbeat: '5s' }),
    named.run({ count: 'x' } as unknown, { handler: 'Two.go' }).then((result) => {
      // @ts-expect-error -- the output of Two.go is a number
      return result.status === 'succeeded' ? result.output.length : 0;
    }),
    nothing.run(),
    nothing.run(undefined, { token: 't', receivedAt: new Date(0), signal: AbortSignal.abort() }),
    nothing.start(),
    nothing.startText('{}'),
    greeting.run(undefined, { handler: 'Greeting.ping' }),
    one.run({ who: 'a' }),
    one.run({ who: 'a', nick: 'b' }),
    one.run({ who: 'a' }, { handler: 'One.go' }),
    one.start({ who: 'a' }, { heartbeat: '5s', token: 't' }),
    list.run({ who: 'a' }, { handler: 'One.go' }),
    named.run({ who: 'a' }, { handler: 'One.go' }),
    named.run({ count: 1 }, { handler: 'Two.go' }),
    named.run({ count: 1 }, { handler: 'Two.go' }).then((result) => {
      // @ts-expect-error -- the output of Two.go is a number
      return result.status === 'succeeded' ? result.output.length : 0;
    }),

    // @ts-expect-error -- the handler takes an input
    one.run(),
    // @ts-expect-error -- of this type
    one.run({ who: 7 }),
    // @ts-expect-error -- with all its fields
    one.run({ nick: 'b' }),
    // @ts-expect-error -- and no others
    one.run({ who: 'a', whom: 'b' }),
    // @ts-expect-error -- there is no such method
    one.run({ who: 'a' }, { handler: 'One.goo' }),
    // @ts-expect-error -- whether the input is checked or not
    one.run({ who: 7 } as unknown, { handler: 'One.goo' }),
    // @ts-expect-error -- nor such an option
    one.run({ who: 'a' }, { tokn: 't' }),
    // @ts-expect-error -- the signal of a started task is the worker's
    one.start({ who: 'a' }, { signal: AbortSignal.abort() }),
    // @ts-expect-error -- that handler takes an input
    greeting.run(undefined, { handler: 'Greeting.greet' }),
    // @ts-expect-error -- none of these classes has it
    list.run({ who: 'a' }, { handler: 'One.goo' }),
    // @ts-expect-error -- there is no such class
    named.run({ who: 'a' }, { handler: 'Onee.go' }),
    // @ts-expect-error -- nor such a method of it
    named.run({ who: 'a' }, { handler: 'One.goo' }),
    // @ts-expect-error -- the input is that of the other class
    named.run({ count: 1 }, { handler: 'One.go' }),
    // @ts-expect-error -- to start it, too
    named.start({ count: 1 }, { handler: 'One.go' }),
    // @ts-expect-error -- a text has no type to check, but a name
    named.runText('{}', { handler: 'Onee.go' }),
  ];
}
