import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { type Fault, startLocalService } from 'stepwright/local';
import { endpointOf, execute, killAll, type Run, SLOW, started, stepwright } from '../support/cli.js';
import { faultPlan } from '../support/faults.js';

const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const ROLE = 'arn:aws:iam::123456789012:role/test';

let run: Run;
let url: string;
beforeAll(async () => {
  ({ run, url } = await started());
});
afterAll(killAll);

describe('a worker of the main job, and executions that are started from another process', () => {
  test('start says where it is, what it serves, how to go on and how long a drain takes', async () => {
    for (const part of [
      /Endpoint: http:\/\/127\.0\.0\.1:\d+/,
      /Activity: arn:aws:states:ap-northeast-1:123456789012:activity:HelloWorldActivity -> HelloWorldActivity\.hello/,
      /Machine: HelloWorld/,
      /Console: http:\/\/127\.0\.0\.1:\d+\//,
      /Start an execution: npx stepwright execute HelloWorld/,
      /A drain can take up to 101 s: set terminationGracePeriodSeconds: 106/,
    ]) {
      expect(run.stdout()).toMatch(part);
    }
    const lines = run.stdout().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toHaveLength(lines.length);
    expect(run.stderr()).toBe('');
  });

  test.each<{ from: string; args: string[]; env: Record<string, string> }>([
    { from: 'a flag', args: ['--port', '0'], env: {} },
    { from: 'a variable', args: [], env: { STEPWRIGHT_PORT: '0' } },
  ])('the command that starts an execution has the port that $from sets', async ({ args, env }) => {
    const local = stepwright(['local', ...SLOW, ...args], env);
    const { port } = new URL(await endpointOf(local));
    const [, told] = await local.saw(/Start an execution: npx stepwright execute \w+ '.*'(.*)"/);
    expect(told).toBe(` --port ${port}`);
    local.child.kill();
    await local.ended;
  });

  test('execute reads its input from a file or from standard input, and tells what happens where it is asked to', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const file = join(dir, 'input.json');
    writeFileSync(file, '{"who":"file"}');
    try {
      const [fromFile, fromInput, broken] = [
        stepwright(['execute', 'HelloWorld', `@${file}`, '--trace', '--endpoint', url]),
        execute(url, 'HelloWorld', '-'),
        execute(url, 'HelloWorld', '{who:1}'),
      ];
      fromInput.child.stdin?.end('{"who":"stdin"}');
      await Promise.all([fromFile, fromInput, broken].map(({ ended }) => ended));
      expect(fromFile.stdout()).toBe('{"message":"Hello file!"}\n');
      expect(fromFile.stderr()).toMatch(
        /RUNNING .*\n +0\.0 s {2}Hello: begins\n.*Hello: taken by .*\n.*Hello: ends\nSUCCEEDED\n$/,
      );
      expect(fromInput.stdout()).toBe('{"message":"Hello stdin!"}\n');
      expect(broken.stderr()).toMatch(/^the input is not JSON at character 2: 'who' is no JSON value/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test.each([
    [404, '<html>', 'HelloWorld', /HTTP 404/],
    [501, '<html>', 'HelloWorld', /HTTP 501/],
    [200, '<html>', 'HelloWorld', /HTTP 200/],
    [200, '{}', 'HelloWorld', /its list of state machines holds none of their names/],
    [
      200,
      '{}',
      `arn:aws:states:us-east-1:123456789012:stateMachine:A`,
      /it started an execution without an ARN/,
    ],
  ])(
    'execute at a server that answers %i %s says that it is not Step Functions',
    async (status, body, machine, why) => {
      const server = createHttpServer((_, response) => response.writeHead(status).end(body));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const foreign = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const run = execute(foreign, machine, '{}');
      expect(await run.ended).toEqual({ code: 1, signal: null });
      server.close();
      expect(run.stderr()).toMatch(/^something responds at http:.*, but it is not Step Functions \(/);
      expect(run.stderr()).toMatch(why);
    },
  );

  test('a role that may start executions and not describe machines is enough, but for results of EXPRESS', async () => {
    const faults = faultPlan();
    faults.always('DescribeStateMachine', { kind: 'error', error: 'AccessDeniedException' });
    const service = await startLocalService({ port: 0, fault: faults.hook });
    const client = new SFNClient({ endpoint: service.url, ...LOCAL });
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });
    const ended = async (type: 'STANDARD' | 'EXPRESS'): Promise<Run> => {
      const command = new CreateStateMachineCommand({ name: type, type, definition, roleArn: ROLE });
      const { stateMachineArn = '' } = await client.send(command);
      const run = execute(service.url, stateMachineArn, '7');
      await run.ended;
      return run;
    };
    const [standard, express] = [await ended('STANDARD'), await ended('EXPRESS')];
    expect(standard.stdout()).toBe('7\n');
    expect(faults.count('DescribeStateMachine')).toBe(2);
    expect(express.stdout()).toBe('');
    expect(express.stderr()).toMatch(
      /^arn:\S+:express:EXPRESS:\S+ was started, but its result is only in the log group .*allow states:Desc/,
    );
    faults.always('ListStateMachines', { kind: 'error', error: 'AccessDeniedException' });
    const named = execute(service.url, 'STANDARD', '7');
    await named.ended;
    expect(named.stderr()).toMatch(
      /^the credentials may not look up a name \(.*\): give the ARN of the state m/,
    );
    client.destroy();
    await service.close();
  });

  test.each<Fault>([
    { kind: 'error', error: 'ThrottlingException' },
    { kind: 'status', status: 503 },
    { kind: 'reset-before' },
  ])('a machine is not started while its type is unknown: $kind', async (fault) => {
    const faults = faultPlan();
    faults.always('DescribeStateMachine', fault);
    const service = await startLocalService({ port: 0, fault: faults.hook });
    const run = execute(service.url, 'arn:aws:states:us-east-1:123456789012:stateMachine:E', '7');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(faults.count('DescribeStateMachine')).toBeGreaterThan(0);
    expect(faults.count('StartExecution')).toBe(0);
    await service.close();
  });

  test('--watch runs again at each change of the file, also after one that is no JSON, until Ctrl-C', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const file = join(dir, 'input.json');
    const write = (text: string): void => writeFileSync(file, text);
    write('{"who":"first"}');
    const watching = stepwright(['execute', 'HelloWorld', `@${file}`, '--watch', '--endpoint', url]);
    try {
      await watching.saw(/watching .*input\.json: each change runs it again\. Press Ctrl-C to end\./);
      write('{"who":');
      await watching.saw(/the input is not JSON at .*input\.json:1:8: a value is expected/);
      write('{"who":"second"}');
      await watching.saw(/Hello second!/);
      expect(watching.stdout()).toBe('{"message":"Hello first!"}\n{"message":"Hello second!"}\n');
      watching.child.kill('SIGINT');
      expect(await watching.ended).toEqual({ code: 130, signal: null });
    } finally {
      watching.child.kill('SIGKILL');
      rmSync(dir, { recursive: true });
    }
    const without = stepwright(['execute', 'HelloWorld', '{}', '--watch', '--endpoint', url]);
    expect(await without.ended).toEqual({ code: 1, signal: null });
    expect(without.stderr()).toContain('--watch needs a file to watch: execute MACHINE @input.json --watch');
  });

  test('execute begins in a state, with the input of the earlier execution or one of its own', async () => {
    const before = execute(url, 'HelloWorld', '{"who":"hoge"}');
    await before.ended;
    const [, arn = ''] = /^RUNNING (.*)$/m.exec(before.stderr()) ?? [];
    const from = (...rest: string[]): Run => stepwright(['execute', '--endpoint', url, ...rest]);
    const name = arn.split(':').at(-1) ?? '';
    const runs = {
      same: from('--from', 'Hello', '--of', arn),
      other: from('HelloWorld', '--from', 'Hello', '--of', name, '--input', '{"who":"other"}'),
      typo: from('--from', 'Helo', '--of', arn),
      missing: from('--from', 'Hello'),
      aws: stepwright(['execute', '--endpoint', 'aws', '--from', 'Hello', '--of', arn]),
    };
    const codes = await Promise.all(Object.values(runs).map(({ ended }) => ended));
    expect(codes.map(({ code }) => code)).toEqual([0, 0, 1, 1, 1]);
    expect(runs.same.stdout()).toBe('{"message":"Hello hoge!"}\n');
    expect(runs.same.stderr()).toMatch(/^RUNNING arn:.*:from-Hello-/);
    expect(runs.other.stdout()).toBe('{"message":"Hello other!"}\n');
    expect(runs.typo.stderr()).toContain("The machine has no state 'Helo'. Did you mean 'Hello'?");
    expect(runs.missing.stderr()).toContain('--from needs the execution to go on from: execute --from STATE');
    expect(runs.aws.stderr()).toContain('--from works at the local service only');
  });

  test('test-state runs one state, by a mock or by a worker, and prints what became of it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const file = join(dir, 'machine.json');
    const activity = 'arn:aws:states:ap-northeast-1:123456789012:activity:HelloWorldActivity';
    const Pay = {
      Type: 'Task',
      Resource: activity,
      ResultPath: '$.paid',
      Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }],
      Next: 'Done',
    };
    writeFileSync(file, JSON.stringify({ StartAt: 'Pay', States: { Pay, Done: { Type: 'Succeed' } } }));
    const pay = (...rest: string[]): Run =>
      stepwright(['test-state', file, '--endpoint', url, '--input', '{"who":"hoge"}', ...rest]);
    const runs = {
      mocked: pay('--state', 'Pay', '--mock', '7', '--level', 'debug'),
      worked: pay('--state', 'Pay'),
      again: pay('--state', 'Pay', '--error', 'Busy', '--cause', 'later'),
      caught: pay('--state', 'Pay', '--error', 'Busy', '--retries', '2', '--json'),
      whole: pay(),
    };
    try {
      const codes = await Promise.all(Object.values(runs).map(({ ended }) => ended));
      expect(codes.map(({ code }) => code)).toEqual([0, 0, 1, 1, 1]);
      expect(runs.mocked.stdout()).toBe('{"who":"hoge","paid":7}\n');
      expect(runs.mocked.stderr()).toMatch(/\nresult: 7\n[^]*\nSUCCEEDED\nnext: Done\n$/);
      expect(runs.worked.stdout()).toBe('{"who":"hoge","paid":{"message":"Hello hoge!"}}\n');
      expect(runs.again.stderr()).toBe('RETRIABLE\nerror: Busy\ncause: later\n');
      expect(JSON.parse(runs.caught.stdout())).toMatchObject({ status: 'CAUGHT_ERROR', nextState: 'Done' });
      expect(runs.whole.stderr()).toContain('name one of its states by --state (Pay, Done)');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('execute ends by itself, whatever the config keeps open', async () => {
    const run = stepwright(['execute', 'HelloWorld', '{"who":"hoge"}', '--endpoint', url, ...SLOW]);
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  test('an unknown machine names its neighbours', async () => {
    const run = execute(url, 'HelloWord', '{}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toContain("there is no state machine named 'HelloWord': the nearest are HelloWorld");
  });
});
