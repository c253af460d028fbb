import { describe, expect, test } from '@jest/globals';
import { locationOf, messageOf } from '../../src/framework/check/finding.js';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { arnOf, type Case, ENDS, charge, check, fix, handlersOf, LOST, machine, ship } from './machines.js';

const DONE = { Done: { Type: 'Succeed' } };
const PAY = ['Charging'];
const of = (task: object, more: Partial<Case> & { top?: object; ends?: object } = {}): Case => {
  const { top, ends, ...rest } = more;
  return { text: machine(task, top, ends), classes: PAY, ...rest };
};
const without = (task: object, ...keys: string[]): object =>
  Object.fromEntries(Object.entries(task).filter(([key]) => !keys.includes(key)));
const shipped = { ...without(ship, 'Catch'), Next: 'Done' };

/** A Map or a Parallel around a Task. */
const parallel = (task: object, more: object = {}): object => ({
  Type: 'Parallel',
  Branches: [{ StartAt: 'Inner', States: { Inner: { ...without(task, 'Next'), End: true } } }],
  ...more,
  Next: 'Done',
});
const branch = (task: object, name = 'Inner'): object => ({
  StartAt: name,
  States: { [name]: { ...without(task, 'Next'), End: true } },
});
const jsonata = { QueryLanguage: 'JSONata' };

type Planted = readonly [name: string, planted: Case, expected: string, fixes?: 'fixed'];

const PLANTED: readonly Planted[] = [
  // Invalid definitions.
  ['a misspelt field', of({ ...charge, TimeoutSecond: 1 }), "error state 'Pay': The field 'TimeoutSecond'"],
  [
    'a target that is not there',
    of({ ...charge, Next: 'Dome' }),
    "error state 'Pay': Missing 'Next' target: Dome",
  ],
  [
    'a comma too much',
    { text: '{\n  "StartAt": "A",\n}', classes: [] },
    'm.asl.json:3:1 error a comma stands before',
  ],
  [
    'heartbeats that are no shorter than the whole task',
    of({ ...charge, HeartbeatSeconds: 300 }),
    "error state 'Pay': 'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'",
  ],
  [
    'an entry of Catch that an equal one makes useless',
    of({ ...charge, Catch: [...charge.Catch, { ErrorEquals: ['CardDeclined'], Next: 'Done' }] }),
    "advice state 'Pay': Catch takes 'CardDeclined', but Catch[0] comes before it and takes the same",
  ],
  [
    'an entry of Catch after one of States.TaskFailed',
    of({ ...charge, Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'Sorry' }, ...charge.Catch] }),
    "advice state 'Pay': Catch takes 'CardDeclined', 'LimitExceeded', but Catch[0] comes before it and takes it by 'States.TaskFailed'",
  ],
  [
    'a timeout above that of the machine',
    of({ ...charge, TimeoutSeconds: 7200 }),
    "advice state 'Pay': TimeoutSeconds is 7200, and that of the machine is 3600",
  ],
  [
    'a text of States.Format where a number is expected',
    of({ ...charge, Parameters: { orderId: 'a', 'cents.$': "States.Format('{}', $.cents)" } }),
    "error state 'Pay': 'cents' in Parameters must be a whole number, and is a text",
  ],
  [
    'a number of the context object where a text is expected',
    of({ ...charge, Parameters: { 'orderId.$': '$$.State.RetryCount', cents: 1 } }),
    "error state 'Pay': 'orderId' in Parameters must be a text, and is a number",
  ],
  // Activities.
  [
    'another region',
    of({ ...charge, Resource: arnOf('Charge', 'us-east-1') }),
    'They differ in region (eu-west-1, not us-east-1)',
  ],
  [
    'another account',
    of({ ...charge, Resource: arnOf('Charge').replace('123456789012', '210987654321') }),
    'They differ in account (123456789012, not 210987654321)',
  ],
  [
    'a misspelt activity',
    of({ ...charge, Resource: arnOf('Chrage') }),
    'They differ in name (Charge, not Chrage)',
  ],
  [
    'an activity of another case',
    of({ ...charge, Resource: arnOf('charge') }),
    'They differ in name (Charge, not charge)',
  ],
  [
    'an activity that nobody takes',
    of({ ...shipped, Resource: arnOf('Refund') }, { classes: [], ends: DONE }),
    `error state 'Pay': no handler takes the tasks of ${arnOf('Refund')}`,
  ],
  [
    'a bare name in another region than the configured one',
    of(
      { ...shipped, Resource: arnOf('Notify') },
      { classes: ['Notifying'], region: 'us-east-1', ends: DONE },
    ),
    'They differ in region (us-east-1, not eu-west-1)',
  ],
  [
    'a handler that no machine names',
    of(charge, { classes: ['Charging', 'Shipping'] }),
    `Shipping.ship advice no state machine here names its activity ${arnOf('Ship')}`,
  ],
  // Limits.
  [
    'no HeartbeatSeconds',
    of(without(charge, 'HeartbeatSeconds')),
    "advice state 'Pay': it has no HeartbeatSeconds: it is noticed only after 5 min",
    'fixed',
  ],
  [
    'neither HeartbeatSeconds nor TimeoutSeconds',
    of(without(charge, 'HeartbeatSeconds', 'TimeoutSeconds')),
    'it is never noticed',
    'fixed',
  ],
  [
    'HeartbeatSeconds below two heartbeats',
    of({ ...charge, HeartbeatSeconds: 30 }),
    "error state 'Pay': HeartbeatSeconds is 30, and the heartbeat of Charging.charge is every 20 s",
    'fixed',
  ],
  [
    'HeartbeatSeconds that no second heartbeat comes before',
    of({ ...charge, HeartbeatSeconds: 20 }),
    'every task that runs longer than 20 s times out, because its next heartbeat comes after 20 s',
    'fixed',
  ],
  [
    'HeartbeatSeconds that leave no room to be raised',
    of({ ...shipped, HeartbeatSeconds: 30, TimeoutSeconds: 40 }, { classes: ['Shipping'], ends: DONE }),
    'HeartbeatSeconds is 30, and the heartbeat of Shipping.ship is every 20 s',
  ],
  [
    'HeartbeatSeconds where no heartbeat is sent',
    of({ ...shipped, Resource: arnOf('Archive') }, { classes: ['Archiving'], ends: DONE }),
    'the heartbeat of Archiving.archive is off: every task that runs longer than',
  ],
  [
    'no limit at all where no heartbeat is sent',
    of(without({ ...shipped, Resource: arnOf('Archive') }, 'HeartbeatSeconds', 'TimeoutSeconds'), {
      classes: ['Archiving'],
      ends: DONE,
    }),
    'it has no TimeoutSeconds, and Archiving.archive sends no heartbeats',
  ],
  [
    "TimeoutSeconds below the handler's timeout",
    of({ ...charge, TimeoutSeconds: 90 }),
    "error state 'Pay': TimeoutSeconds is 90, and Charging.charge may take 120 s",
    'fixed',
  ],
  [
    'no TimeoutSeconds of the machine',
    of(charge, { top: { TimeoutSeconds: undefined } }),
    'advice the machine has no TimeoutSeconds',
    'fixed',
  ],
  [
    'no Retry',
    of(without(charge, 'Retry')),
    "advice state 'Pay': no Retry takes States.Timeout or Stepwright.WorkerShutdown",
    'fixed',
  ],
  [
    'a Retry that forgets a lost lease',
    of({ ...charge, Retry: [{ ErrorEquals: ['States.TaskFailed'] }] }),
    'no Retry takes States.Timeout: a worker that dies',
    'fixed',
  ],
  [
    'a Retry that forgets a stopped worker',
    of({ ...charge, Retry: [{ ErrorEquals: ['States.Timeout'] }] }),
    'no Retry takes Stepwright.WorkerShutdown: a worker that stops',
    'fixed',
  ],
  // Names of errors.
  [
    'a misspelt name in a Catch',
    of({ ...charge, Catch: [{ ErrorEquals: ['CardDecline', 'LimitExceeded'], Next: 'Sorry' }] }),
    "Catch takes 'CardDecline', and Charging.charge does not fail by that name",
  ],
  [
    'a name that the handler does not have',
    of({ ...charge, Catch: [...charge.Catch, { ErrorEquals: ['NoSuchThing'], Next: 'Sorry' }] }),
    "error state 'Pay': Catch takes 'NoSuchThing'",
  ],
  [
    'a name of which nobody says that it is thrown',
    of({ ...shipped, Catch: [{ ErrorEquals: ['Lost'], Next: 'Sorry' }] }, { classes: ['Shipping'] }),
    "advice state 'Pay': Catch takes 'Lost', and Shipping.ship does not declare that it fails by it",
  ],
  [
    "a misspelt name of the service's",
    of({ ...charge, Retry: [LOST, { ErrorEquals: ['States.Timout'] }] }),
    "error state 'Pay': Retry takes 'States.Timout', and there is no such error",
  ],
  [
    "a misspelt name of the worker's",
    of({ ...charge, Catch: [...charge.Catch, { ErrorEquals: ['Stepwright.InvalidInputs'], Next: 'Sorry' }] }),
    "Catch takes 'Stepwright.InvalidInputs'",
  ],
  [
    'a thrown name that nothing takes',
    of({ ...charge, Catch: [{ ErrorEquals: ['CardDeclined'], Next: 'Sorry' }] }),
    "advice state 'Pay': Charging.charge may fail by LimitExceeded",
  ],
  [
    'an @ErrorName that nothing takes',
    of(shipped, { classes: ['Shipping'], errorNames: ['AddressUnknown'], ends: DONE }),
    "@ErrorName('AddressUnknown') advice no Retry or Catch",
  ],
  // Payloads.
  [
    'a payload without a key that must be there',
    of({ ...charge, Parameters: { 'orderId.$': '$.id' } }),
    "error state 'Pay': Parameters lacks 'cents'",
  ],
  [
    'a payload with a key in other letters',
    of({ ...charge, Parameters: { 'order_id.$': '$.id', 'cents.$': '$.cents' } }),
    "did you mean 'orderId' by 'order_id'?",
  ],
  [
    'a payload with a value of another kind',
    of({ ...charge, Parameters: { 'orderId.$': '$.id', cents: '100' } }),
    '\'cents\' in Parameters must be a whole number, and is "100" (string)',
  ],
  [
    'a payload with a value out of its choices, in JSONata',
    of(
      { ...charge, Arguments: { orderId: '{% $states.input.id %}', cents: 5, currency: 'GBP' } },
      { top: jsonata },
    ),
    '\'currency\' in Arguments must be one of "EUR", "USD"',
  ],
  [
    'a payload with a key that is refused',
    of({ ...charge, Parameters: { 'orderId.$': '$.id', 'cents.$': '$.cents', note: '' } }),
    "'note' in Parameters has the key 'note', which is refused",
  ],
  [
    'a payload that is wrong inside',
    of({ ...charge, Arguments: { orderId: 'a', cents: 1, customer: { mail: 'a@b.c' } } }, { top: jsonata }),
    "'customer' in Arguments lacks 'email'",
  ],
  [
    'a Task inside of a Parallel',
    of(
      parallel(without(charge, 'Retry', 'Catch'), {
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Sorry' }],
      }),
    ),
    "advice state 'Inner': no Retry takes States.Timeout or Stepwright.WorkerShutdown",
    'fixed',
  ],
  [
    'a Task inside of an older Map (Iterator)',
    of({
      Type: 'Map',
      Iterator: branch(without(charge, 'Retry', 'Catch')),
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Sorry' }],
      Next: 'Done',
    }),
    "advice state 'Inner': no Retry takes States.Timeout or Stepwright.WorkerShutdown",
    'fixed',
  ],
  [
    'a misspelt name in a Catch around branches',
    of(
      parallel(without(charge, 'Catch'), {
        Catch: [{ ErrorEquals: ['CardDecline', 'LimitExceeded', 'CardDeclined'], Next: 'Sorry' }],
      }),
    ),
    "error state 'Pay': Catch takes 'CardDecline', and Charging.charge does not fail by that name",
  ],
  [
    'a name around two Tasks, one of which does not say its names',
    of(
      {
        ...parallel(without(charge, 'Catch')),
        Branches: [branch(without(charge, 'Catch')), branch(without(shipped, 'Catch'), 'Other')],
        Catch: [{ ErrorEquals: ['CardDeclined', 'LimitExceeded', 'NoSuchThing'], Next: 'Sorry' }],
      },
      { classes: ['Charging', 'Shipping'] },
    ),
    "advice state 'Pay': Catch takes 'NoSuchThing', and Charging.charge or Shipping.ship does not declare that it fails",
  ],
  [
    'HeartbeatSeconds that could only be raised to TimeoutSeconds itself',
    of({ ...shipped, HeartbeatSeconds: 30, TimeoutSeconds: 60 }, { classes: ['Shipping'], ends: DONE }),
    'HeartbeatSeconds is 30, and the heartbeat of Shipping.ship is every 20 s',
  ],
  [
    'HeartbeatSeconds alone where no heartbeat is sent',
    of(without({ ...shipped, Resource: arnOf('Archive') }, 'TimeoutSeconds'), {
      classes: ['Archiving'],
      ends: DONE,
    }),
    'the heartbeat of Archiving.archive is off: every task that runs longer than',
  ],
  [
    'a payload with an element of another kind',
    of({
      ...charge,
      Parameters: { 'orderId.$': '$.id', 'cents.$': '$.cents', lines: [{ 'sku.$': '$.sku' }, {}] },
    }),
    "'lines.1' in Parameters lacks 'sku'",
  ],
  [
    'a payload with an element of another kind, in JSONata',
    of(
      { ...charge, Arguments: { orderId: 'a', cents: 1, lines: [{ sku: '{% $states.input.sku %}' }, {}] } },
      { top: jsonata },
    ),
    "'lines.1' in Arguments lacks 'sku'",
  ],
];

const linesOf = (each: Case): string[] =>
  check(each).map(
    (finding) => `${locationOf(finding)} ${finding.level} ${messageOf(finding)} | ${finding.fix}`,
  );

describe('a planted mistake is found', () => {
  test.each(PLANTED)('%s', (_, planted, expected) => {
    const lines = linesOf(planted);
    expect(lines.filter((line) => line.includes(expected))).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  test('there are thirty at least', () => expect(PLANTED.length).toBeGreaterThanOrEqual(30));
});

describe('--fix', () => {
  // Each row whole: Jest would take a fourth parameter that a row lacks for its callback.
  test.each(PLANTED.map((row) => [row[0], row] as const))(
    '%s: what it claims to mend passes then, and all else stays as it was',
    (_, [, planted, expected, fixes]) => {
      const { text, fixed } = fix(planted);
      const claimed = check(planted).some(({ edits }) => edits !== undefined);
      expect(claimed).toBe(fixes === 'fixed');
      expect(fixed).toHaveLength(claimed ? 1 : 0);
      expect(linesOf({ ...planted, text }).filter((line) => claimed || !line.includes(expected))).toEqual([]);
      expect(text === planted.text).toBe(!claimed);
      // Nothing but what was added, and what was replaced, differs: the lines of before stand in their order.
      const kept = planted.text
        .split('\n')
        .filter((line) => text.split('\n').some((now) => bare(now) === bare(line)));
      expect(planted.text.split('\n').length - kept.length).toBeLessThanOrEqual(1);
    },
  );
});

const bare = (line: string): string => line.replace(/,$/, '');

const SOUND: Readonly<Record<string, Case>> = {
  'a Task with all that it needs': of(charge),
  'States.ALL takes all': of({
    ...charge,
    Retry: [{ ErrorEquals: ['States.ALL'] }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Sorry' }],
  }),
  'a Retry around the branch takes what the Task does not': of(
    parallel(without(charge, 'Retry', 'Catch'), {
      Retry: [{ ErrorEquals: ['States.ALL'] }],
    }),
    { ends: DONE },
  ),
  'no Retry on purpose': of({
    ...charge,
    Retry: [{ ErrorEquals: ['States.Timeout', 'Stepwright.WorkerShutdown'], MaxAttempts: 0 }],
  }),
  'a payload of JSONPath that fits': of({
    ...charge,
    Parameters: { 'orderId.$': '$.id', cents: 100, currency: 'EUR', customer: { 'email.$': '$.mail' } },
  }),
  'a payload of JSONata that fits, or is worked out as a whole': of(
    { ...charge, Arguments: '{% $states.input %}' },
    { top: jsonata },
  ),
  'limits that are worked out': of({
    ...without(charge, 'TimeoutSeconds', 'HeartbeatSeconds'),
    TimeoutSecondsPath: '$.limit',
    HeartbeatSecondsPath: '$.beat',
  }),
  'a short task without HeartbeatSeconds': of(
    { ...without(shipped, 'HeartbeatSeconds'), TimeoutSeconds: 30 },
    { classes: ['Shipping'], ends: DONE },
  ),
  'a task without heartbeats that has a limit': of(
    { ...without(shipped, 'HeartbeatSeconds'), Resource: arnOf('Archive') },
    { classes: ['Archiving'], ends: DONE },
  ),
  'a bare name, wherever it will be': of(
    { ...shipped, Resource: arnOf('Notify', 'ap-northeast-1') },
    { classes: ['Notifying'], ends: DONE },
  ),
  'a Map in JSONata, and an error name of a class': of(
    {
      Type: 'Map',
      ItemProcessor: { StartAt: 'Each', States: { Each: { ...without(shipped, 'Next'), End: true } } },
      Catch: [{ ErrorEquals: ['AddressUnknown'], Next: 'Sorry' }],
      Next: 'Done',
    },
    { classes: ['Shipping'], errorNames: ['AddressUnknown'], top: jsonata },
  ),
  'a machine that has nothing to do with activities': of(
    { Type: 'Wait', Seconds: 5, Next: 'Done' },
    { classes: [], ends: DONE, top: { TimeoutSeconds: undefined } },
  ),
  'a short task whose limit is just what would be proposed': of(
    { ...without(shipped, 'HeartbeatSeconds'), TimeoutSeconds: 60 },
    { classes: ['Shipping'], ends: DONE },
  ),
  "TimeoutSeconds that are just the handler's timeout": of({ ...charge, TimeoutSeconds: 120 }),
  'names of the service and of the worker': of({
    ...charge,
    Retry: [LOST, { ErrorEquals: ['States.HeartbeatTimeout', 'States.Http.StatusCode.404'] }],
    Catch: [...charge.Catch, { ErrorEquals: ['Stepwright.CommandFailed'], Next: 'Sorry' }],
  }),
  'States.HeartbeatTimeout and States.TaskFailed take what a lost and a stopped worker leave': of({
    ...charge,
    Retry: [{ ErrorEquals: ['States.HeartbeatTimeout', 'States.TaskFailed'] }],
  }),
  'an older Map (Iterator)': of(
    {
      Type: 'Map',
      Iterator: branch(shipped),
      Catch: [{ ErrorEquals: ['AddressUnknown'], Next: 'Sorry' }],
      Next: 'Done',
    },
    { classes: ['Shipping'], errorNames: ['AddressUnknown'] },
  ),
  'a name that a Fail inside of the branches fails by': of({
    ...parallel(without(charge, 'Catch')),
    Branches: [
      branch(without(charge, 'Catch')),
      { StartAt: 'Stop', States: { Stop: { Type: 'Fail', Error: 'Stopped' } } },
    ],
    Catch: [{ ErrorEquals: ['Stopped', 'CardDeclined', 'LimitExceeded'], Next: 'Sorry' }],
  }),
  'a name around an activity and a Lambda function, which may fail by it': of({
    ...parallel(without(charge, 'Catch')),
    Branches: [
      branch(without(charge, 'Catch')),
      branch(
        { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'f' } },
        'Other',
      ),
    ],
    Catch: [{ ErrorEquals: ['OfTheFunction', 'CardDeclined', 'LimitExceeded'], Next: 'Sorry' }],
  }),
  'a name around states of which none is a Task': of(
    {
      ...parallel({ Type: 'Pass' }),
      Catch: [{ ErrorEquals: ['Anything'], Next: 'Sorry' }],
    },
    { classes: [] },
  ),
  'a name of a Lambda function, where no handler is': of(
    {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'f' },
      Catch: [{ ErrorEquals: ['OfTheFunction'], Next: 'Sorry' }],
      Next: 'Done',
    },
    { classes: [] },
  ),
  'a state that is worked out in JSONata in a machine of JSONPath, around states of JSONPath': of(
    {
      ...charge,
      Parameters: { 'orderId.$': '$.id', cents: 100, note: '{% no expression here %}' },
    },
    { classes: ['Loose'] },
  ),
  'what only a Lambda function can fail by': of(
    {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'f' },
      Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'] }],
      End: true,
    },
    { classes: [], ends: {} },
  ),
};

describe('a sound machine has no findings', () => {
  test.each(Object.entries(SOUND))('%s', (_, sound) => expect(linesOf(sound)).toEqual([]));

  test('there are ten at least', () => expect(Object.keys(SOUND).length).toBeGreaterThanOrEqual(10));
});

describe('a Distributed Map', () => {
  const map = (task: object): string =>
    machine(
      {
        Type: 'Map',
        Label: 'All',
        ItemReader: { Resource: 'arn:aws:states:::s3:getObject' },
        ItemProcessor: {
          ...branch(task),
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        },
        Next: 'Done',
      },
      {},
      DONE,
    );

  test('is sound', () => {
    expect(check({ text: map({ ...ship, Next: undefined }), classes: ['Shipping'] })).toEqual([]);
  });

  test('has its states compared with the classes', () => {
    const slow = { ...ship, HeartbeatSeconds: 30 };
    const findings = check({ text: map(slow), classes: ['Shipping'] });
    expect(findings.filter(({ level }) => level === 'error')).toMatchObject([
      { code: 'HEARTBEAT_TOO_SLOW', state: 'Inner' },
    ]);
  });
});

test('a path that only Step Functions itself has is advice, once, and never an error', () => {
  const text = machine({ Type: 'Pass', InputPath: '$[?(@.a all [1])]', Next: 'Done' }, {}, DONE);
  const findings = check({ text, classes: [] });
  expect(findings.map(({ code, level }) => [code, level])).toEqual([['MACHINE_UNSUPPORTED', 'advice']]);
});

describe('a machine with the substitutions of SAM or CloudFormation', () => {
  const REGIONAL = 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:activity:Charge';

  test('has the states of an activity compared whose name is known', () => {
    const text = machine({ ...charge, Resource: REGIONAL, HeartbeatSeconds: 30 });
    expect(check({ text, classes: PAY })).toMatchObject([
      { code: 'HEARTBEAT_TOO_SLOW', level: 'error', state: 'Pay', line: 9 },
    ]);
    expect(check({ text: machine({ ...charge, Resource: REGIONAL }), classes: PAY })).toEqual([]);
  });

  test('and no false finding where a name, a number or a target is substituted', () => {
    const task = { ...charge, Resource: '${ChargeActivity}', TimeoutSeconds: '${Seconds}' };
    expect(check({ text: machine(task), classes: PAY })).toEqual([]);
    const bare = machine(charge).replace('"TimeoutSeconds": 300', '"TimeoutSeconds": ${Seconds}');
    expect(check({ text: bare, classes: PAY })).toEqual([]);
  });

  test('and none where a path or the time of a Wait is substituted', () => {
    const wait = { Type: 'Wait', Seconds: '${Delay}', Next: 'Done' };
    const paths = { 'orderId.$': '$.${IdField}', cents: 5 };
    const text = machine({ ...charge, Parameters: paths, Next: 'Wait' }, {}, { ...ENDS, Wait: wait });
    expect(check({ text, classes: PAY })).toEqual([]);
  });

  test('and its other mistakes are found', () => {
    const task = { ...charge, Resource: '${ChargeActivity}', Next: 'Dome' };
    expect(check({ text: machine(task), classes: PAY })).toMatchObject([
      { code: 'MACHINE_INVALID', what: "Missing 'Next' target: Dome" },
    ]);
  });
});

test('a name of the service that a Fail state raises is known', () => {
  const failing = { StartAt: 'No', States: { No: { Type: 'Fail', Error: 'States.QuorumMet' } } };
  const text = machine(
    {
      Type: 'Parallel',
      Branches: [failing],
      Catch: [{ ErrorEquals: ['States.QuorumMet'], Next: 'Done' }],
      Next: 'Done',
    },
    {},
    DONE,
  );
  expect(check({ text, classes: [] })).toEqual([]);
});

test('handlers without any machine, and names without any task, are nothing to compare', () => {
  const nothing = { machines: [], errorNames: ['AddressUnknown'] };
  expect(checkMachines({ ...nothing, handlers: handlersOf(['Charging']) })).toEqual([]);
});

test('findings come in the order of the file, each at its field', () => {
  const task = { ...charge, HeartbeatSeconds: 30, TimeoutSeconds: 90 };
  const found = check(of(without(task, 'Retry'), { top: { TimeoutSeconds: undefined } }));
  const lines = machine(without(task, 'Retry'), { TimeoutSeconds: undefined }).split('\n');
  expect(found.map(({ code, line = 0 }) => `${code} ${lines[line - 1]?.trim()}`)).toEqual([
    'MACHINE_TIMEOUT_MISSING "StartAt": "Pay",',
    'RETRY_MISSING "Pay": {',
    'TIMEOUT_SECONDS_TOO_SHORT "TimeoutSeconds": 90,',
    'HEARTBEAT_TOO_SLOW "HeartbeatSeconds": 30,',
  ]);
});

test('a mismatch in a payload is found at its line, even where the value comes from a path', () => {
  const text = machine({
    ...charge,
    Parameters: {
      'orderId.$': '$.id',
      'cents.$': '$.cents',
      lines: [{ 'sku.$': '$.sku' }, { sku: 5 }],
      'note.$': '$.note',
    },
  });
  const lines = text.split('\n');
  const found = check({ text, classes: PAY });
  expect(found.map(({ line = 0, what }) => [lines[line - 1]?.trim(), what.split(':')[0]])).toEqual([
    ['"sku": 5', "'lines.1.sku' in Parameters must be a text, and is 5 (number)"],
    ['"note.$": "$.note"', "'note' in Parameters has the key 'note', which is refused"],
  ]);
});

test("proposals leave room: three heartbeats, and ten seconds beyond the handler's timeout", () => {
  const pasted = (task: object): (string | undefined)[] => check(of(task)).map(({ paste }) => paste);
  expect(pasted({ ...charge, TimeoutSeconds: 90 })).toEqual(['"TimeoutSeconds": 130']);
  expect(pasted({ ...charge, HeartbeatSeconds: 30 })).toEqual(['"HeartbeatSeconds": 60']);
});

test('no HeartbeatSeconds is proposed that the service would refuse beside its TimeoutSeconds', () => {
  const found = check(of({ ...charge, HeartbeatSeconds: 10, TimeoutSeconds: 60 }));
  const slow = found.find(({ code }) => code === 'HEARTBEAT_TOO_SLOW');
  expect(slow).not.toHaveProperty('paste');
  expect(slow).not.toHaveProperty('edits');
  expect(slow?.fix).toBe(
    "raise HeartbeatSeconds to 60, and TimeoutSeconds (60) above that, or set `heartbeat` of Charging.charge to '3s'",
  );
});

test('a file that is JSON only with its variables filled in is checked, and not written', () => {
  const text = machine({ ...charge, HeartbeatSeconds: 30 }).replace(
    '"TimeoutSeconds": 300',
    '"TimeoutSeconds": ${LIMIT}',
  );
  const source = machineSource('M', 'm.asl.json', text, { LIMIT: '300' });
  const found = checkMachines({ machines: [source], handlers: handlersOf(PAY), errorNames: [] });
  expect(found.map(({ code, edits }) => [code, edits])).toEqual([['HEARTBEAT_TOO_SLOW', undefined]]);
});

test('no ARN is proposed for a bare name, whose region and account are not known', () => {
  const task = { ...shipped, Resource: arnOf('Notiffy') };
  const [found] = check(of(task, { classes: ['Notifying'], ends: DONE }));
  expect(found).toMatchObject({
    code: 'ACTIVITY_WITHOUT_HANDLER',
    fix: expect.stringContaining('Notifying.notify'),
  });
  expect(found).not.toHaveProperty('paste');
});

test('--fix keeps the format of a file: tabs, line ends, keys on one line, an existing list', () => {
  const text = [
    '{',
    '\t"StartAt": "Pay",',
    '\t"States": {',
    `\t\t"Pay": { "Type": "Task", "Resource": "${arnOf('Ship')}", "TimeoutSeconds": 300, "Retry": [ { "ErrorEquals": ["States.Timeout"] } ], "Next": "Done" },`,
    '\t\t"Done": { "Type": "Succeed" }',
    '\t}',
    '}',
    '',
  ].join('\r\n');
  const { text: mended } = fix({ text, classes: ['Shipping'] });
  expect(mended.split('\r\n')).toEqual([
    '{',
    '\t"StartAt": "Pay",',
    '\t"TimeoutSeconds": 86400,',
    '\t"States": {',
    `\t\t"Pay": { "Type": "Task", "Resource": "${arnOf('Ship')}", "TimeoutSeconds": 300, "HeartbeatSeconds": 60, "Retry": [ { "ErrorEquals": ["States.Timeout"] }, { "ErrorEquals": ["Stepwright.WorkerShutdown"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2 } ], "Next": "Done" },`,
    '\t\t"Done": { "Type": "Succeed" }',
    '\t}',
    '}',
    '',
  ]);
});

test('--fix formats an addition as its neighbours are', () => {
  const { text } = fix(of(without(charge, 'Retry', 'HeartbeatSeconds')));
  expect(text).toContain(`      "TimeoutSeconds": 300,
      "HeartbeatSeconds": 60,
      "Retry": [
        {
          "ErrorEquals": ["States.Timeout", "Stepwright.WorkerShutdown"],
          "IntervalSeconds": 2,
          "MaxAttempts": 3,
          "BackoffRate": 2
        }
      ],
      "Catch": [`);
});
