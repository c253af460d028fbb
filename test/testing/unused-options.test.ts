import { expect, test } from '@jest/globals';
import { inject, injectable } from 'tsyringe';
import { Activity, Handle } from 'stepwright';
import { createTestBed, createTestMachine, type Fault, type TestBedOptions } from 'stepwright/testing';

const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:Charge';
const LAMBDA = 'arn:aws:lambda:eu-west-1:123456789012:function:ship';

@injectable()
class Ledger {
  sum = 0;
}
@injectable()
class Gateway {
  constructor(readonly ledger: Ledger) {}
}
class Unrelated {
  readonly useless = true;
}

@Activity(ARN)
class Charging {
  constructor(
    readonly gateway: Gateway,
    @inject('currency') readonly currency: string,
  ) {}
  @Handle({ input: 'any' }) charge(_input: unknown): string {
    return this.currency;
  }
}

const EUR = ['currency', 'EUR'] as const;
const bedWith = (options: TestBedOptions) => createTestBed(Charging, options);

test.each<[string, TestBedOptions, RegExp]>([
  [
    'a class that nothing is injected with',
    { mocks: [EUR, [Unrelated, {}]] },
    /mocks: Unrelated: nothing that this test runs is injected with it\n {5}Fix: did you mean .*Injected are: .*Gateway/,
  ],
  ['a token that is misspelt', { mocks: [EUR, ['curency', 'EUR']] }, /mocks: 'curency': nothing/],
  [
    'another class of the same name',
    { mocks: [EUR, [(() => class Gateway extends Unrelated {})(), {}]] },
    /mocks: Gateway: .*\n {5}Fix: another Gateway is injected, of another file or another copy/,
  ],
])('a mock that nothing is injected with fails the bed: %s', async (_, options, message) => {
  await expect(bedWith(options)).rejects.toThrow(message);
});

test.each<[string, TestBedOptions]>([
  ['what is injected, directly or through others', { mocks: [EUR, [Ledger, { sum: 1 }]] }],
  [
    'what setup registers, for whoever asks by hand',
    {
      mocks: [EUR, ['by-hand', 1]],
      setup: (container) => void container.register('by-hand', { useValue: 0 }),
    },
  ],
  [
    'anything, where a factory may ask for it',
    {
      mocks: [
        ['currency', { useFactory: () => 'EUR' }],
        [Unrelated, {}],
      ],
    },
  ],
])('a mock may stand in for %s', async (_, options) => {
  const bed = await bedWith(options);
  expect(await bed.run({})).toEqual({ status: 'succeeded', output: 'EUR' });
});

const MACHINE = {
  StartAt: 'Pay',
  States: {
    Pay: { Type: 'Task', Resource: ARN, Next: 'Ship' },
    Ship: { Type: 'Task', Resource: LAMBDA, End: true },
  },
};
const machineWith = (options: object) =>
  createTestMachine(MACHINE, { activities: [Charging], mocks: [EUR], ...options });

test.each<[string, object, RegExp]>([
  [
    'faults of a handler that is not there',
    { faults: { 'Charging.charged': ['worker-dies'] } },
    /faults\['Charging\.charged'\]: there is no such handler .*\n {5}Fix: did you mean 'Charging\.charge'\?/,
  ],
  [
    'a fault that there is not',
    { faults: { 'Charging.charge': ['worker-died' as Fault] } },
    /there is no fault "worker-died".*\n {5}Fix: did you mean 'worker-dies'\?/,
  ],
  [
    'a resource of a state that is not there',
    { resources: { 'TestMachine.Shipp': { output: 1 } } },
    /resources\['TestMachine\.Shipp'\]: no Task .*\n {5}Fix: did you mean 'TestMachine\.Ship'\?/,
  ],
  [
    'a resource for a Task on an activity',
    { resources: { 'TestMachine.Pay': { output: 1 } } },
    /that Task is on an activity, so a handler answers it/,
  ],
])('a test machine fails where its options name something unknown: %s', async (_, options, message) => {
  await expect(machineWith(options)).rejects.toThrow(message);
});

const aBed = () => bedWith({ mocks: [EUR] });

test.each<[string, () => Promise<unknown>, RegExp]>([
  [
    'a bed',
    () => bedWith({ mock: [EUR] } as TestBedOptions),
    /mock: createTestBed has no such option\n {5}Fix: did you mean 'mocks'\?/,
  ],
  [
    'a machine',
    () => machineWith({ activites: [Charging] }),
    /activites: .*\n {5}Fix: did you mean 'activities'/,
  ],
  ['a run', async () => (await aBed()).run({}, { handlr: 'x' } as object), /handlr: .*\n.*'handler'/],
  ['a text', async () => (await aBed()).runText('{}', { handlr: 'x' } as object), /handlr: .*\n.*'handler'/],
  ['a start', async () => (await aBed()).start({}, { graze: '1s' } as object), /graze: .*\n.*'grace'/],
])('an unknown option fails %s', async (_, begin, message) => {
  await expect(begin()).rejects.toThrow(message);
});

test.each<[string, () => Promise<unknown>, RegExp]>([
  [
    'a fault that is no list of faults',
    () => machineWith({ faults: { 'Charging.charge': 'worker-dies' } }),
    /faults: expected lists of faults by 'Class\.method', got .*\n {5}Fix: .*\['worker-dies'\]/,
  ],
  [
    'no list of classes',
    () => machineWith({ activities: Charging }),
    /activities: expected a list of classes/,
  ],
  [
    'mocks that are no pairs, without what may be secret',
    () => bedWith({ mocks: { currency: 'EUR' } as never }),
    /mocks: expected a list of pairs of a token and its stand-in, got an object\n/,
  ],
  [
    'a class in their place',
    () => bedWith(Ledger as never),
    /the options of createTestBed: expected an object/,
  ],
  ['a log that has no child', () => bedWith({ log: console as never }), /log: expected a logger/],
  [
    'what a start does not take',
    async () => (await aBed()).start({}, { grace: '-1s', timeout: '5' }),
    /2 problems[^]*grace: expected a duration[^]*timeout: expected/,
  ],
])('an option is refused where it is %s', async (_, begin, message) => {
  await expect(begin()).rejects.toThrow(message);
});

test('a run with an unknown handler names the nearest', async () => {
  const bed = await bedWith({ mocks: [EUR] });
  const named = bed.run({}, { handler: 'Charging.charg' as 'Charging.charge' });
  await expect(named).rejects.toThrow("no handler 'Charging.charg': did you mean 'Charging.charge'?");
});
