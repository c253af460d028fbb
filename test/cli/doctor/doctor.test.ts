import 'reflect-metadata';
import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Config } from 'stepwright';
import type { Fault } from 'stepwright/local';
import { examine } from '../../../src/framework/cli/doctor/doctor.js';
import type { Finding, Host } from '../../../src/framework/cli/doctor/finding.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import { faultPlan, type FaultPlan } from '../../support/faults.js';
import { activity } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

const DENIED: Fault = { kind: 'error', error: 'AccessDeniedException' };

let faults: FaultPlan;
let world: World;
let machine: string;
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook, allowHosts: ['0.0.0.0'] });
  machine = world.machine(ARN, { HeartbeatSeconds: 60 });
});
afterEach(async () => {
  await world.close();
});

/** Examines a project with one healthy handler, and the fault that a test plants. */
async function examined(config: Config = {}, host: Partial<Host> = {}): Promise<Finding[]> {
  const healthy: Config = { activities: [activity(() => {})], endpoint: world.service.url };
  const plan = await makePlan({ config: { ...healthy, ...config }, env: {}, baseDir: process.cwd() });
  const clock = new HandClock(Date.now());
  return examine(plan, { clock, env: {}, stopTimeoutMs: 120_000, ...host });
}

const faultsIn = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ verdict }) => verdict === 'fault');

/** Returns the one planted fault, which proposes a fix. */
function only(findings: readonly Finding[]): Finding {
  const [first, ...more] = faultsIn(findings);
  expect(more).toEqual([]);
  if (!first) throw new Error('there is no fault');
  expect(first.fix).toMatch(/.{10}/);
  return first;
}

const about = (findings: readonly Finding[], check: string): Finding[] =>
  findings.filter((each) => each.check === check);

test('of a healthy project nothing is a fault, and no task is taken', async () => {
  const waiting = await world.execute(machine);
  const findings = await examined();
  expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
  const checks = ['copies', 'stop', 'credentials', 'endpoint', 'clock', 'activity'];
  checks.push('permission', 'heartbeat');
  expect([...new Set(findings.map(({ check }) => check))]).toEqual(checks);
  expect(about(findings, 'permission').map(({ subject }) => subject)).toEqual([
    'states:SendTaskSuccess, us-east-1',
    'states:SendTaskFailure, us-east-1',
    'states:SendTaskHeartbeat, us-east-1',
    `states:GetActivityTask, ${ARN}`,
  ]);
  expect(await world.history(waiting)).toEqual(['ExecutionStarted', 'TaskStateEntered', 'ActivityScheduled']);
});

describe('a planted fault is named, with its fix:', () => {
  test('nobody at the endpoint', async () => {
    const found = await examined({ endpoint: 'http://127.0.0.1:1' });
    expect(only(found)).toMatchObject({ check: 'endpoint', got: expect.stringContaining('ECONNREFUSED') });
    expect(about(found, 'permission')).toMatchObject([{ verdict: 'unknown' }]);
  });

  test('something else at the endpoint', async () => {
    faults.always('ListActivities', { kind: 'status', status: 503 });
    expect(only(await examined())).toMatchObject({
      check: 'endpoint',
      got: expect.stringContaining('HTTP 503'),
      fix: expect.stringContaining('find out what responds there'),
    });
  });

  test.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', "the certificate is another host's"],
    ['CERT_HAS_EXPIRED', "check this machine's clock"],
    ['ENOTFOUND', "a spelling mistake in the region ('us-east-1')"],
  ])('a way there that ends with %s', async (code, fix) => {
    const failing = { handle: () => Promise.reject(Object.assign(new Error(code), { code })) };
    const requestHandler = failing as unknown as NonNullable<Config['sdk']>['requestHandler'];
    const found = await examined({ calls: 'sdk', sdk: { requestHandler } });
    expect(only(found)).toMatchObject({ check: 'endpoint', fix: expect.stringContaining(fix) });
  });

  test('an endpoint that takes the question and never answers', async () => {
    faults.always('ListActivities', { kind: 'black-hole' });
    const clock = new HandClock(Date.now());
    const examining = examined({}, { clock });
    await clock.settle(() => faults.count('ListActivities') > 0);
    await clock.advance(10_000);
    expect(only(await examining)).toMatchObject({
      check: 'endpoint',
      got: 'TimeoutError: no answer within 10 s',
    });
  });

  test('a clock that is off', async () => {
    const ahead = new HandClock(Date.now() + 6 * 60_000);
    expect(only(await examined({}, { clock: ahead }))).toMatchObject({
      check: 'clock',
      got: expect.stringMatching(/^(6|5\.\d) min ahead: AWS refuses/),
    });
    const behind = await examined({}, { clock: new HandClock(Date.now() - 45_000) });
    expect(about(behind, 'clock')).toMatchObject([
      { verdict: 'warning', got: expect.stringMatching(/^[45]\d s behind$/) },
    ]);
  });

  test('no credentials', async () => {
    const credentials = (): Promise<never> => Promise.reject(new Error('nobody is logged in'));
    expect(only(await examined({ sdk: { credentials } }))).toMatchObject({
      check: 'credentials',
      got: expect.stringContaining('nobody is logged in'),
    });
  });

  test('credentials that have ended', async () => {
    const ended = { accessKeyId: 'a', secretAccessKey: 's3cret', sessionToken: 't0ken' };
    const credentials = { ...ended, expiration: new Date(Date.now() - 3_600_000) };
    const found = await examined({ sdk: { credentials } });
    expect(only(found)).toMatchObject({ check: 'credentials', got: 'they expired 60 min ago' });
    expect(JSON.stringify(found)).not.toMatch(/s3cret|t0ken/);
  });

  test('credentials that the service refuses', async () => {
    faults.always('ListActivities', { kind: 'error', error: 'UnrecognizedClientException' });
    expect(only(await examined())).toMatchObject({
      check: 'credentials',
      got: expect.stringContaining('UnrecognizedClientException'),
    });
  });

  test('an activity that does not exist, by its ARN', async () => {
    const wrong = activity(() => {}, {}, ARN.replace('Work', 'Wrok'));
    expect(only(await examined({ activities: [wrong] }))).toMatchObject({
      check: 'activity',
      got: 'there is none; the nearest are Work',
      fix: expect.stringContaining('aws stepfunctions create-activity --name Wrok --region us-east-1'),
    });
  });

  test('an activity of another region', async () => {
    const there = ARN.replace('us-east-1', 'eu-west-1');
    expect(only(await examined({ activities: [activity(() => {}, {}, there)] }))).toMatchObject({
      check: 'activity',
      got: `there is none, but there is ${ARN}`,
    });
  });

  test('an activity that does not exist, by its name; where it would be created, that is none', async () => {
    const wrong = activity(() => {}, {}, 'Wrok');
    const endpoint = world.service.url.replace('127.0.0.1', '0.0.0.0');
    const sdk = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
    const away: Config = { activities: [wrong], endpoint, sdk };
    expect(only(await examined({ ...away, region: 'us-east-1' }))).toMatchObject({
      check: 'activity',
      got: 'none of this name in us-east-1; the nearest are Work',
    });
    expect(only(await examined(away))).toMatchObject({
      check: 'region',
      fix: expect.stringContaining('AWS_REGION'),
    });
    expect(faultsIn(await examined({ activities: [wrong] }))).toEqual([]);
  });

  test.each(['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'])('%s is denied', async (call) => {
    faults.always(call, DENIED);
    expect(only(await examined())).toMatchObject({
      check: 'permission',
      subject: `states:${call}, us-east-1`,
      fix: expect.stringContaining(`"Action": "states:${call}", "Resource": "*"`),
    });
  });

  test('a heartbeat that is too slow for a state machine that calls the activity', async () => {
    expect(only(await examined({ heartbeat: '31s' }))).toMatchObject({
      check: 'heartbeat',
      got: 'one each 31 s, and HeartbeatSeconds 60 in M0.Work: a task that loses one heartbeat would time out',
      fix: "set `heartbeat` of Work.run to '20s'",
    });
    expect(only(await examined({ heartbeat: false }))).toMatchObject({
      got: expect.stringContaining('no heartbeat'),
    });
  });

  test('polls are denied', async () => {
    faults.always('GetActivityTask', DENIED);
    expect(only(await examined())).toMatchObject({
      check: 'permission',
      subject: `states:GetActivityTask, ${ARN}`,
      fix: expect.stringContaining(`"Action": "states:GetActivityTask", "Resource": "${ARN}"`),
    });
  });

  test('a platform that kills too early', async () => {
    expect(only(await examined({}, { stopTimeoutMs: 30_000 }))).toMatchObject({
      check: 'stop',
      expected: '101 s or more between SIGTERM and SIGKILL',
      got: expect.stringMatching(/^30 s \(--stop-timeout\)/),
    });
    const env = { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' };
    expect(only(await examined({ grace: '10m' }, { env, stopTimeoutMs: undefined }))).toMatchObject({
      got: 'Fargate waits for 120 s at most',
    });
  });

  describe('a variable of the environment:', () => {
    const away = (): Config => ({
      endpoint: world.service.url.replace('127.0.0.1', '0.0.0.0'),
      sdk: { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    });
    const warned = async (env: Record<string, string>, config = away()): Promise<Finding[]> => {
      const found = await examined(config, { env });
      expect(faultsIn(found)).toEqual([]);
      return found.filter(({ verdict }) => verdict === 'warning');
    };

    test('certificates that nobody checks', async () => {
      expect(await warned({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatchObject([
        { subject: 'NODE_TLS_REJECT_UNAUTHORIZED', fix: expect.stringContaining('unset it') },
      ]);
    });

    test('a proxy that nobody reads, without its password', async () => {
      const [found] = await warned({ HTTPS_PROXY: 'http://me:s3cret@proxy:3128' });
      expect(found).toMatchObject({ check: 'endpoint', fix: expect.stringContaining('HttpsProxyAgent') });
      expect(JSON.stringify(found)).not.toContain('s3cret');
    });

    test('but no proxy where the config has an agent, or the endpoint is here', async () => {
      const requestHandler = { httpAgent: new Agent() };
      const config = { ...away(), calls: 'sdk' as const, sdk: { ...away().sdk, requestHandler } };
      expect(await warned({ HTTPS_PROXY: 'http://proxy:3128' }, config)).toEqual([]);
      const here = { endpoint: world.service.url };
      expect(await warned({ HTTPS_PROXY: 'http://proxy:3128' }, here)).toEqual([]);
    });
  });
});

test('a state on the activity without any time limit is worth a warning, and one that nobody calls too', async () => {
  world.machine(ARN.replace('Work', 'Bare'));
  const types = ['Bare', 'Idle'].map((name) => activity(() => {}, {}, ARN.replace('Work', name)));
  world.service.seedActivity(ARN.replace('Work', 'Idle'));
  const found = await examined({ activities: types });
  expect(faultsIn(found)).toEqual([]);
  expect(about(found, 'heartbeat')).toMatchObject([
    { verdict: 'warning', got: 'M1.Work: neither HeartbeatSeconds nor a timeout' },
    { verdict: 'warning', subject: 'Idle.run' },
  ]);
});

test('what may not be looked at is told as not checked, with the permission that it needs', async () => {
  for (const call of ['ListActivities', 'DescribeActivity', 'ListStateMachines']) faults.always(call, DENIED);
  const found = await examined();
  expect(faultsIn(found)).toEqual([]);
  const [described] = about(found, 'activity');
  expect(described).toMatchObject({
    verdict: 'unknown',
    fix: expect.stringContaining('states:DescribeActivity'),
  });
  const [machines] = about(found, 'heartbeat');
  expect(machines).toMatchObject({
    verdict: 'unknown',
    fix: expect.stringContaining('states:ListStateMachines'),
  });
});

test('a throttle is no missing permission', async () => {
  const calls = ['ListActivities', 'DescribeActivity', 'ListStateMachines'];
  for (const call of calls) faults.always(call, { kind: 'error', error: 'ThrottlingException' });
  const found = await examined();
  expect(faultsIn(found)).toEqual([]);
  for (const check of ['activity', 'heartbeat'])
    expect(about(found, check)).toMatchObject([
      { verdict: 'unknown', fix: 'run the doctor again in a minute' },
    ]);
});

test('machines that can not be described are named, and the rest is judged', async () => {
  world.machine(ARN, { HeartbeatSeconds: 30 });
  faults.once('DescribeStateMachine', DENIED);
  const found = await examined({ heartbeat: '16s' });
  expect(about(found, 'heartbeat').map(({ verdict }) => verdict)).toContain('unknown');
});

test('at the endpoint `local` nothing is deployed, and nobody need answer', async () => {
  const found = await examined({ endpoint: 'local', port: 1 });
  expect(faultsIn(found)).toEqual([]);
  expect(about(found, 'permission')).toMatchObject([{ verdict: 'unknown', fix: 'give --endpoint aws' }]);
});
