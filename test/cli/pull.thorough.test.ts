import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SendTaskSuccessCommand,
  RedriveExecutionCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { LocalServiceOptions } from 'stepwright/local';
import { detailsOf } from '../../src/framework/local/view/history-event.js';
import { edgesAt } from '../../src/console/model/drawing/taken-edges.js';
import { Run } from '../../src/framework/local/view/run.js';
import type { Visit } from '../../src/framework/local/view/visit.js';
import { killAll, stepwright } from '../support/cli.js';
import { followTopic } from '../support/console-topic.js';
import { type Bench, openBench } from '../local/service.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const ACCESS_KEY = 'AKIDOFTHEUSER4711';
const SECRET_KEY = 'secretKeyOfTheUser4711+/abcdefghijklmnop';
const PASSWORD = 'hunter2';

const one = (StartAt: string, States: object): string => JSON.stringify({ StartAt, States });
const call = (name: string, more: object): object => ({
  Type: 'Task',
  Resource: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
  ...more,
});
const end = { Type: 'Pass', End: true };

/** A machine of each kind. Each but the first fails in the state `Pay` or in one inside of it, as long as that is broken. */
const MACHINES: Record<string, string> = {
  Choice: one('Pick', {
    Pick: {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericGreaterThan: 0, Next: 'Big' }],
      Default: 'Small',
    },
    Big: { Type: 'Pass', Assign: { 'seen.$': '$.n' }, Next: 'Pay' },
    Small: end,
    Pay: call('pay', { Parameters: { 'n.$': '$.n', 'seen.$': '$seen' }, ResultPath: '$.paid', Next: 'Last' }),
    Last: end,
  }),
  Retry: one('Pay', {
    Pay: call('pay', {
      Retry: [
        { ErrorEquals: ['Declined'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1, MaxDelaySeconds: 2 },
      ],
      End: true,
    }),
  }),
  Catch: one('Try', {
    Try: call('flaky', {
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.caught', Next: 'Pay' }],
      End: true,
    }),
    Pay: call('pay', { End: true }),
  }),
  Map: one('Pay', {
    Pay: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: { StartAt: 'Each', States: { Each: call('pay', { End: true }) } },
      Next: 'Last',
    },
    Last: end,
  }),
  Parallel: one('Pay', {
    Pay: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: end } },
        { StartAt: 'Right', States: { Right: call('pay', { End: true }) } },
      ],
      End: true,
    },
  }),
  Nested: one('Pay', {
    Pay: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: {
        StateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:Retry',
        'Input.$': '$',
      },
      OutputPath: '$.Output',
      End: true,
    },
  }),
  Callback: one('Ask', {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: {
        QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/ask',
        MessageBody: {
          'Token.$': '$$.Task.Token',
          'link.$': "States.Format('https://x.test/?t={}&n=1', $$.Task.Token)",
          'n.$': '$.n',
        },
      },
      Next: 'Pay',
    },
    Pay: call('pay', { End: true }),
  }),
};

let isBroken = true;
const options: LocalServiceOptions = {
  console: true,
  mocks: {
    'arn:aws:lambda:us-east-1:123456789012:function:pay': (input) => {
      if (isBroken) throw Object.assign(new Error('the card is stolen'), { name: 'Declined' });
      return { ok: input };
    },
    'arn:aws:lambda:us-east-1:123456789012:function:flaky': { error: 'Flaky' },
    'arn:aws:states:::sqs:sendMessage.waitForTaskToken': { output: {} },
  },
};

/** One plays AWS, and the other is the user's. */
let aws: Bench;
let here: Bench;

beforeEach(async () => {
  isBroken = true;
  [aws, here] = [await openBench(options), await openBench(options)];
  for (const [name, definition] of Object.entries(MACHINES)) aws.service.seedMachine({ name, definition });
});
afterEach(killAll);

const pull = (arn: string, ...more: string[]): ReturnType<typeof stepwright> =>
  stepwright(['pull', arn, '--endpoint', aws.service.url, '--port', String(here.service.port), ...more], {
    AWS_ACCESS_KEY_ID: ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: SECRET_KEY,
  });

async function historyOf({ client }: Bench, executionArn: string): Promise<HistoryEvent[]> {
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  return events;
}

const INPUT = { n: 3, items: [1, 2, 3], password: PASSWORD };

/** Moves the clock until an execution has ended, and returns how it did. */
async function ended({ client, clock }: Bench, executionArn: string): Promise<object> {
  for (let seconds = 0; seconds < 10; seconds++) {
    await clock.settle();
    const { status, output, error, cause } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    if (status !== 'RUNNING') return { status, output, error, cause };
    await clock.advance(1000);
  }
  throw new Error('it runs on');
}

async function start({ client, clock }: Bench, name: string, input: object): Promise<string> {
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({ stateMachineArn: `${MACHINE}${name}`, input: JSON.stringify(input) }),
  );
  await clock.settle();
  return executionArn;
}

/** Answers the callback of an execution. Returns its token. */
async function answer(arn: string): Promise<string> {
  const scheduled = (await historyOf(aws, arn)).find(({ type }) => type === 'TaskScheduled');
  const { MessageBody } = JSON.parse(scheduled?.taskScheduledEventDetails?.parameters ?? '') as {
    MessageBody: { Token: string };
  };
  const { Token: taskToken } = MessageBody;
  const output = JSON.stringify({ ...INPUT, said: `yes to ${taskToken}`, taskToken });
  await aws.client.send(new SendTaskSuccessCommand({ taskToken, output }));
  return taskToken;
}

/** What the page draws of a history: each visit with its edges, attempts and data. */
function picture(events: readonly HistoryEvent[]): object[] {
  const run = new Run();
  run.add(
    events.map((event) => ({
      id: event.id ?? 0,
      previous: event.previousEventId ?? 0,
      type: event.type ?? '',
      at: event.timestamp?.getTime() ?? 0,
      details: detailsOf(event),
    })),
  );
  const nameOf = (visit: Visit | undefined): string | undefined => visit?.name;
  return run.visits.map((visit) => ({
    ...visit,
    parent: nameOf(visit.parent),
    after: nameOf(visit.after),
    failedIn: nameOf(visit.failedIn),
    iteration: visit.iteration?.index,
    iterations: [...visit.iterations.values()].map(({ index, status }) => [index, status]),
    edges: edgesAt(visit, (state) => state === 'Last' || state === 'Pay'),
    input: detailsOf(events[visit.id - 1])?.['input'],
  }));
}

/** Starts an execution in the state `Pay` of another one. Returns how it ends. */
async function runFrom(bench: Bench, executionArn: string, input: string | undefined): Promise<object> {
  const response = await fetch(bench.service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'StepwrightLocal.StartExecutionFrom' },
    body: JSON.stringify({ state: 'Pay', executionArn, input }),
  });
  const { executionArn: started = '' } = (await response.json()) as { executionArn?: string };
  return ended(bench, started);
}

/** Everything that the service shows of an execution: by its API, and by the console. */
async function served(arn: string): Promise<string> {
  const { client, service } = here;
  const texts = [
    JSON.stringify(await historyOf(here, arn)),
    JSON.stringify(await client.send(new DescribeExecutionCommand({ executionArn: arn }))),
  ];
  for (const query of ['test?', 'event?id=1&', 'findExecutions?'])
    texts.push(await (await fetch(`${service.url}/console/api/${query}execution=${arn}`)).text());
  for await (const told of followTopic<object>(service.url, 'execution', arn)) {
    texts.push(JSON.stringify(told));
    break;
  }
  return texts.join('\n');
}

test.each(Object.keys(MACHINES))('%s: the picture and the run from the failed state agree', async (name) => {
  const isCallback = name === 'Callback';
  const arn = await start(aws, name, isCallback ? { n: 3 } : INPUT);
  const token = isCallback ? await answer(arn) : PASSWORD;
  const outcome = await ended(aws, arn);
  const run = pull(arn);
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stdout()).toBe(`${arn}\n`);
  expect(run.stderr()).toContain(`--from 'Pay' --of ${arn}`);

  const text = await served(arn);
  for (const secret of [ACCESS_KEY, SECRET_KEY, PASSWORD, token])
    expect(text + run.stderr()).not.toContain(secret);
  expect(text).toContain(`"ranAs":"${arn}"`);

  const masked = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value).replaceAll(token, '(masked)').replaceAll(PASSWORD, '(masked)')) as T;
  const shown = picture(await historyOf(here, arn));
  expect(shown.length).toBeGreaterThan(0);
  expect(masked(shown)).toEqual(masked(picture(await historyOf(aws, arn))));
  expect(await ended(here, arn)).toEqual(masked(outcome));

  isBroken = false;
  if (name === 'Nested') here.service.seedMachine({ name: 'Retry', definition: MACHINES['Retry'] ?? '' });
  for (const input of [undefined, JSON.stringify({ n: 9, items: [4], seen: 1 })]) {
    const there = masked(await runFrom(aws, arn, input));
    expect(there).toMatchObject({ status: 'SUCCEEDED' });
    expect(await runFrom(here, arn, input)).toEqual(there);
  }
});

test('a running execution is shown as it is, and pulled again when it has ended, as a machine of its own goes on', async () => {
  const arn = await start(aws, 'Callback', { n: 3 });
  expect(await pull(arn).ended).toEqual({ code: 0, signal: null });
  const look = new DescribeExecutionCommand({ executionArn: arn });
  expect(await here.client.send(look)).toMatchObject({ status: 'RUNNING', redriveStatus: 'NOT_REDRIVABLE' });
  await expect(here.client.send(new StopExecutionCommand({ executionArn: arn }))).rejects.toThrow(
    'does not run here',
  );
  const definition = one('Pay', { Pay: { Type: 'Pass', Result: 'mine', End: true } });
  here.service.replaceMachine({ name: 'Callback', definition });
  await answer(arn);
  await ended(aws, arn);
  const again = pull(arn);
  expect(await again.ended).toEqual({ code: 0, signal: null });
  expect(again.stderr()).toMatch(/another definition, which is kept/);
  expect(await ended(here, arn)).toMatchObject({ status: 'FAILED', error: 'Declined' });
  expect(await historyOf(here, arn)).toHaveLength((await historyOf(aws, arn)).length);
  expect(await runFrom(here, arn, undefined)).toMatchObject({ output: '"mine"' });
  await expect(here.client.send(new RedriveExecutionCommand({ executionArn: arn }))).rejects.toThrow(
    'Execution is a copy of one that ran elsewhere',
  );
  const third = pull(arn);
  expect(await third.ended).toEqual({ code: 0, signal: null });
  expect(await ended(here, arn)).toMatchObject({ status: 'FAILED' });
});

test('activities are those of the same names here, and a history of many megabytes is sent in parts', async () => {
  const [theirs, ours] = ['999999999999', '123456789012'].map(
    (account) => `arn:aws:states:us-east-1:${account}:activity:Work`,
  );
  here.service.seedActivity(ours ?? '');
  aws.service.seedActivity(theirs ?? '');
  const states = Object.fromEntries(
    Array.from({ length: 12 }, (_, n) => [`S${n}`, { Type: 'Pass', Next: n < 11 ? `S${n + 1}` : 'Work' }]),
  );
  const definition = one('S0', { ...states, Work: { Type: 'Task', Resource: theirs, End: true } });
  const stateMachineArn = aws.service.seedMachine({ name: 'Long', definition });
  expect(stateMachineArn).toContain('999999999999');
  const input = JSON.stringify({ text: 'x'.repeat(200_000) });
  const { executionArn: arn = '' } = await aws.client.send(
    new StartExecutionCommand({ stateMachineArn, input }),
  );
  await aws.clock.settle();
  expect(await pull(arn).ended).toEqual({ code: 0, signal: null });
  const [shown, there] = [await historyOf(here, arn), await historyOf(aws, arn)];
  expect(shown.length).toBeGreaterThan(20);
  expect(shown).toEqual(there);
  const found = await here.client.send(new DescribeStateMachineCommand({ stateMachineArn }));
  expect(JSON.parse(found.definition ?? '')).toMatchObject({ States: { Work: { Resource: ours } } });
});

test('one whose definition is refused here is shown, and it says why it can not run on', async () => {
  const arn = 'arn:aws:states:us-east-1:123456789012:execution:Odd:x';
  const States = { A: { Type: 'Task', Resource: 'arn:aws:states:::nosuch:go', End: true } };
  const event = { id: 1, previous: 0, type: 'ExecutionStarted', at: 1_000, details: { input: '{}' } };
  await fetch(aws.service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'StepwrightLocal.PutExecution' },
    body: JSON.stringify({
      executionArn: arn,
      input: '{}',
      startedAt: 1_000,
      stateMachineArn: `${MACHINE}Odd`,
      definition: JSON.stringify({ StartAt: 'A', States }),
      roleArn: 'arn:aws:iam::123456789012:role/any',
      events: JSON.stringify([event]),
    }),
  });
  const run = pull(arn);
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stdout()).toBe(`${arn}\n`);
  expect(run.stderr()).toMatch(/it can not run on here, since .* refuses its definition: .*nosuch/);
  expect(await historyOf(here, arn)).toHaveLength(1);
});

test.each<[arn: string, says: RegExp]>([
  ['arn:aws:states:us-east-1:123456789012:execution:Choice:gone', /has no execution .*check the ARN/],
  ['arn:aws:states:us-east-1:123456789012:express:Choice:a:b', /no history of an EXPRESS execution/],
  ['arn:aws:states:us-east-1:123456789012:stateMachine:Choice', /expected the ARN of an execution/],
])('%s can not be pulled, and it says what to do', async (arn, says) => {
  const run = pull(arn);
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stdout()).toBe('');
  expect(run.stderr()).toMatch(says);
});

test('without a local service it says how to start one', async () => {
  const arn = await start(aws, 'Choice', INPUT);
  await here.service.close();
  const run = pull(arn);
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr()).toMatch(/nothing listens at http:..127\.0\.0\.1:\d+: start it with .*--port N/);
});

test.each([
  ['AccessDeniedException', /allow states:DescribeExecution, states:GetExecutionHistory and states:Desc/],
  ['KmsAccessDeniedException', /allow kms:Decrypt on the key of its machine/],
  ['ExpiredTokenException', /http.* refuses the call \(ExpiredTokenException: .*\): .*log in/],
] as const)('what helps is told after %s', async (error, says) => {
  const refusing = await openBench({ fault: () => ({ kind: 'error', error }) });
  const run = pull(
    'arn:aws:states:us-east-1:123456789012:execution:Choice:x',
    '--endpoint',
    refusing.service.url,
  );
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr()).toMatch(says);
});
