import { readFileSync } from 'node:fs';
import {
  ListActivitiesCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { type FaultHook, type LocalService, startLocalService } from 'stepwright/local';
import { RawCalls } from '../../../src/framework/aws/queries/raw-calls.js';
import { localRole } from '../../../src/framework/base/local-protocol.js';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { compare } from '../../../src/framework/cli/verify/comparison.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { killAll, stepwright } from '../../support/cli.js';
import {
  type AnsweringProxy,
  answeringProxy,
  type ProxiedAnswer,
  type ProxiedCall,
} from './answering-proxy.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
afterAll(killAll);

const clientOf = (endpoint: string): SFNClient => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  open.push(() => client.destroy());
  return client;
};

const throttling: FaultHook = ({ operation, index }) =>
  operation === 'ListTagsForResource' && index >= 100
    ? { kind: 'error', error: 'ThrottlingException' }
    : undefined;

/** Starts a service that throttles as AWS does, and a proxy before it. */
async function start(
  change?: (call: ProxiedCall, answer: ProxiedAnswer) => void,
  options?: Parameters<typeof startLocalService>[0],
): Promise<{ service: LocalService; proxy: AnsweringProxy }> {
  const service = await startLocalService({
    port: 0,
    fault: throttling,
    ...options,
  });
  const proxy = await answeringProxy(service.url, change);
  open.push(
    () => proxy.close(),
    () => service.close(),
  );
  return { service, proxy };
}

/** Makes all facts on a clock that moves on whenever all calls but polls are answered. */
async function facts(
  change?: (call: ProxiedCall, answer: ProxiedAnswer) => void,
  options?: Parameters<typeof startLocalService>[0],
): Promise<{
  seen: Awaited<ReturnType<typeof compare>>['facts'];
  isWhole: boolean;
  operations: string[];
}> {
  const clock = new HandClock();
  const { proxy } = await start(change, { clock, ...options });
  const { service: elsewhere } = await start();
  const progress = { isOver: false };
  const comparing = compare({
    calls: new RawCalls(clientOf(proxy.url), clock),
    single: new RawCalls(clientOf(proxy.url), clock),
    elsewhere: new RawCalls(clientOf(elsewhere.url), systemClock),
    roleArn: localRole(),
    clock,
    signal: new AbortController().signal,
  }).finally(() => (progress.isOver = true));
  while (!progress.isOver) {
    await proxy.idle();
    await clock.advance(500);
  }
  const compared = await comparing;
  return { seen: compared.facts, isWhole: compared.isWhole, operations: proxy.operations };
}

test('the local service is as expected in each fact, and no operation is called that the policy lacks', async () => {
  const { seen, isWhole, operations } = await facts();
  expect(isWhole).toBe(true);
  expect(seen.filter(({ verdict }) => verdict !== 'same')).toEqual([]);
  expect(seen.length).toBeGreaterThan(60);
  expect(new Set(seen.map(({ fact }) => fact)).size).toBe(seen.length);
  const policy = JSON.parse(readFileSync('deploy/iam/verify-policy.json', 'utf8')) as {
    Statement: { Action: string | string[] }[];
  };
  const actions = policy.Statement.flatMap(({ Action }) => Action);
  const called = [...new Set(operations)].map((operation) => `states:${operation}`);
  expect(actions.toSorted()).toEqual([...called, 'iam:PassRole'].toSorted());
});

/** An answer that is not as AWS gives it, and the fact that shows it. */
interface Lie {
  readonly fact: string;
  readonly of: string;
  /** A part of the request's body. @default each */
  readonly to?: RegExp;
  /** A part of the answer, and what stands there instead. */
  readonly replace?: readonly [part: string | RegExp, by: string];
  readonly change?: (answer: ProxiedAnswer) => void;
}

const MOST = 262_144;
const LIES: readonly Lie[] = [
  {
    fact: 'SendTaskHeartbeat, token of no task',
    of: 'SendTaskHeartbeat',
    to: /verify-made-this-up/,
    replace: ['InvalidToken', 'TaskDoesNotExist'],
  },
  { fact: 'an empty token', of: 'SendTaskHeartbeat', replace: ['or equal to 1"', 'or equal to one"'] },
  {
    fact: `an output of ${MOST + 1} bytes`,
    of: 'SendTaskSuccess',
    to: /^.{262145,}x.*/,
    change: (answer) => Object.assign(answer, { status: 200, text: '{}' }),
  },
  {
    fact: 'a point in time',
    of: 'CreateActivity',
    replace: [/"creationDate":[\d.]+/, '"creationDate":"2026-01-01"'],
  },
  {
    fact: 'the name of an error in its body',
    of: 'GetActivityTask',
    replace: ['com.amazonaws.swf.', 'com.amazonaws.'],
  },
  {
    fact: 'events of a task whose execution was stopped',
    of: 'GetExecutionHistory',
    replace: [
      /("previousEventId":)0(,"type":"ExecutionAborted")|("type":"ExecutionAborted".*"previousEventId":)0/,
      '$1$34$2',
    ],
  },
  { fact: 'JSONata: $random(42)', of: 'GetExecutionHistory', replace: [/0\.7275636800328681/g, '0.5'] },
  {
    fact: 'PassStateEntered of a task that timed out',
    of: 'GetExecutionHistory',
    replace: [/\\"Cause\\":\\"\\"/g, '\\"Cause\\":null'],
  },
  {
    fact: 'a name of an execution that has ended',
    of: 'StartExecution',
    replace: ['ExecutionAlreadyExists', 'ConflictException'],
  },
  {
    fact: 'the headers of a throttle',
    of: 'ListTagsForResource',
    change: ({ status, headers }) => status === 400 && delete headers['x-amzn-requestid'],
  },
  {
    fact: 'answers that a worker takes for none of Step Functions',
    of: 'DeleteActivity',
    change: ({ headers }) => {
      delete headers['x-amzn-requestid'];
      headers['content-type'] = 'application/json';
    },
  },
];

function tellLies({ operation, body }: ProxiedCall, answer: ProxiedAnswer): void {
  for (const { of, to, replace, change } of LIES) {
    if (of !== operation || (to && !to.test(body))) continue;
    if (replace) answer.text = answer.text.replace(...replace);
    change?.(answer);
  }
}

test('each answer that is not as at AWS is found, and nothing else', async () => {
  const { seen } = await facts(tellLies, { pollHoldMs: 20_000 });
  const different = seen.filter(({ verdict }) => verdict !== 'same').map(({ fact }) => fact);
  expect(different.toSorted()).toEqual([...LIES.map(({ fact }) => fact), 'a poll without a task'].toSorted());
});

test('what a call that is never answered keeps from being tried is not called different', async () => {
  const { seen, isWhole } = await facts(undefined, {
    fault: (call) =>
      call.operation === 'GetActivityTask' && call.index === 1 ? { kind: 'black-hole' } : throttling(call),
  });
  const others = seen.filter(({ verdict }) => verdict !== 'same');
  expect(others).toEqual([
    expect.objectContaining({ fact: expect.stringMatching(/^all of/), verdict: 'not tried' }),
  ]);
  expect(others[0]?.seen).toBe('TimeoutError: no answer within 80 s');
  expect(isWhole).toBe(false);
});

/** Counts what bears the prefix of the command: activities, state machines and running executions. */
async function left(url: string): Promise<number> {
  const client = clientOf(url);
  const { activities = [] } = await client.send(new ListActivitiesCommand({}));
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
  let count = activities.length + stateMachines.length;
  for (const { stateMachineArn } of stateMachines) {
    const list = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' });
    count += (await client.send(list)).executions?.length ?? 0;
  }
  return count;
}

/** Starts the command, and sends it a signal when its tenth poll has been answered. Resolves with its exit code. */
async function interrupted(
  signal: NodeJS.Signals,
): Promise<{ service: LocalService; code: number | null; said: string }> {
  let polls = 0;
  const { service, proxy } = await start(({ operation }) => {
    if (operation === 'GetActivityTask' && ++polls === 5) run.child.kill(signal);
  });
  const run = stepwright(['verify', '--endpoint', proxy.url]);
  const { code } = await run.ended;
  return { service, code, said: run.stdout() + run.stderr() };
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s in the middle leaves nothing', async (signal) => {
  const { service, code, said } = await interrupted(signal);
  expect(said).toContain('it was stopped');
  expect(code).toBe(1);
  expect(await left(service.url)).toBe(0);
});

test('what a SIGKILL leaves is removed by the next run', async () => {
  const { service } = await interrupted('SIGKILL');
  expect(await left(service.url)).toBeGreaterThan(5);
  const next = stepwright(['verify', '--endpoint', service.url, '--json']);
  await next.saw(/removed \d+ .*of an earlier run/);
  next.child.kill('SIGTERM');
  await next.ended;
  expect(JSON.parse(next.stdout())).toMatchObject({ endpoint: service.url, region: 'us-east-1' });
  expect(await left(service.url)).toBe(0);
});

test('without --aws it prints the policy and the warning, and calls nothing', async () => {
  const { proxy } = await start();
  const run = stepwright(['verify'], { AWS_ENDPOINT_URL_SFN: proxy.url });
  expect((await run.ended).code).toBe(0);
  expect(run.stderr()).toContain(readFileSync('deploy/iam/verify-policy.json', 'utf8').trim());
  expect(run.stderr()).toMatch(/WARNING: .*ListTagsForResource/);
  expect(proxy.operations).toEqual([]);
});

test.each([
  [['--aws'], '--role'],
  [['--aws', '--endpoint', 'local'], '--endpoint'],
  [['--endpoint', 'local', '--second-region', 'eu-west-1'], '--second-region'],
])('%j is refused', async (flags, named) => {
  const run = stepwright(['verify', ...flags]);
  expect((await run.ended).code).toBe(1);
  expect(run.stderr()).toContain(named);
});
