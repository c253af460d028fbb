import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type LocalService, startLocalService } from 'stepwright/local';
import { killAll, type Run, stepwright } from '../support/cli.js';

const NAME = 'Program';
let service: LocalService;
let client: SFNClient;
let machine: string;
beforeEach(async () => {
  service = await startLocalService({ port: 0 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SFNClient({ endpoint: service.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const Resource = `arn:aws:states:us-east-1:123456789012:activity:${NAME}`;
  service.seedActivity(Resource);
  const States = { Work: { Type: 'Task', Resource, HeartbeatSeconds: 60, End: true } };
  machine = service.seedMachine({ name: 'M', definition: JSON.stringify({ StartAt: 'Work', States }) });
});
afterEach(async () => {
  killAll();
  client.destroy();
  await service.close();
});

async function exec(program: readonly string[], options: readonly string[] = []): Promise<Run> {
  const run = stepwright([
    'exec',
    '--activity',
    NAME,
    '--endpoint',
    service.url,
    ...options,
    '--',
    ...program,
  ]);
  await run.saw(/Waiting for a task/);
  return run;
}

async function begin(input: unknown): Promise<string> {
  const command = new StartExecutionCommand({ stateMachineArn: machine, input: JSON.stringify(input) });
  return (await client.send(command)).executionArn ?? '';
}

async function ended(executionArn: string) {
  for (;;) {
    const { status, output, error, cause } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    if (status !== 'RUNNING') return { status, output, error, cause };
    await nap(5);
  }
}

const SCRIPT = `read -r input
case $input in
  *good*) echo '{"progress":0.5,"message":"half"}'; echo '{"done":true}' ;;
  *bad*) echo 'no such thing' >&2; exit 3 ;;
  *) echo waits; trap 'echo stopping; exit 0' TERM; sleep 1000 & wait ;;
esac`;

test('a script is a worker: results, error names, a task that is gone, a stop', async () => {
  const run = await exec(['sh', '-c', SCRIPT], ['--error', '3=BadInput', '--heartbeat', '200ms']);
  expect(run.stdout()).toMatch(/Exec\.run \(1 at once\)/);
  expect(await ended(await begin('good'))).toMatchObject({ status: 'SUCCEEDED', output: '{"done":true}' });
  const bad = await ended(await begin('bad'));
  expect(bad).toMatchObject({ status: 'FAILED', error: 'BadInput' });
  expect(JSON.parse(bad.cause ?? '')).toEqual({
    errorType: 'BadInput',
    errorMessage: 'sh ended with exit code 3: no such thing',
    data: { exitCode: 3, stderr: 'no such thing' },
  });
  const lost = await begin('other');
  await run.saw(/"waits"/);
  await client.send(new StopExecutionCommand({ executionArn: lost }));
  await run.saw(/"stopping"/);
  expect(await ended(await begin('good'))).toMatchObject({ status: 'SUCCEEDED' });
  // An open poll takes up to a minute, unless the service is asked to end it.
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stdout()).toMatch(/"progress":\{"fraction":0\.5,"message":"half"\}/);
});

test('fields of the input reach the program and the output, which is an object where the program prints none', async () => {
  const script =
    'read -r input; case $input in *quiet*) ;; *list*) echo [1] ;; *) echo "{\\"run\\":\\"$_EXECUTION_NAME\\",\\"n\\":$N}" ;; esac';
  await exec(
    ['sh', '-c', script],
    ['--pass-through', '_EXECUTION_NAME', '--pass-through', 'N', '--empty-output', '{}'],
  );
  const outputOf = async (input: object): Promise<unknown> => {
    const { output, error, cause } = await ended(await begin(input));
    return output === undefined ? [error, JSON.parse(cause ?? '').errorMessage] : JSON.parse(output);
  };
  expect(await outputOf({ _EXECUTION_NAME: 'run-7', N: 3 })).toEqual({
    run: 'run-7',
    n: 3,
    _EXECUTION_NAME: 'run-7',
    N: 3,
  });
  expect(await outputOf({ _EXECUTION_NAME: 'quiet' })).toEqual({ _EXECUTION_NAME: 'quiet' });
  expect(await outputOf({ mode: 'quiet' })).toEqual({});
  expect(await outputOf({ N: 1, mode: 'list' })).toEqual([
    'Stepwright.InvalidOutput',
    "--pass-through adds N to the output, which has to be an object; the program's is [1] (array)",
  ]);
  expect(await outputOf({ mode: 'list' })).toEqual([1]);
});

test('no task is taken while the check before a poll fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-'));
  const device = join(folder, 'device');
  const looks = join(folder, 'looks');
  const healthy = `echo look >>${looks}; [ -e ${device} ] || { echo 'the device is lost' >&2; exit 7; }`;
  const run = await exec(['echo', '{"done":true}'], ['--healthy', healthy]);
  await run.saw(
    /no polls are sent: --healthy '.*' ended with exit code 7: the device is lost\. The check is repeated/,
  );
  const execution = await begin('any');
  // The second look is one second later at most.
  while (readFileSync(looks, 'utf8').split('\n').length < 3) await nap(20);
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn: execution }));
  expect(events?.map(({ type }) => type)).not.toContain('ActivityStarted');
  writeFileSync(device, '');
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: '{"done":true}' });
  await run.saw(/polls are answered again/);
  rmSync(folder, { recursive: true });
});

test('a check that hangs ends with the worker, and so does what it has started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-'));
  const file = join(folder, 'pid');
  const run = await exec(
    ['true'],
    ['--healthy', `sleep 1000 & echo $! >${file}.new; mv ${file}.new ${file}; wait`],
  );
  while (!existsSync(file)) await nap(20);
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  const isThere = (): boolean => existsSync(`/proc/${readFileSync(file, 'utf8').trim()}/exe`);
  for (let looks = 0; isThere() && looks < 100; looks++) await nap(20);
  expect(isThere()).toBe(false);
  rmSync(folder, { recursive: true });
});

test('a check may print as much as it likes', async () => {
  await exec(['echo', '{"done":true}'], ['--healthy', 'head -c 3000000 /dev/zero']);
  expect(await ended(await begin('any'))).toMatchObject({ status: 'SUCCEEDED', output: '{"done":true}' });
});

test('a second signal ends the worker at once, and its program with it', async () => {
  const run = await exec(['sh', '-c', `trap '' TERM; echo "pid $$"; while :; do sleep 0.1; done`]);
  await begin('x');
  const [, pid] = await run.saw(/pid (\d+)/);
  run.child.kill('SIGTERM');
  await run.saw(/running programs get their grace/);
  await new Promise((resolve) => setTimeout(resolve, 150));
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 143, signal: null });
  const lives = (): boolean => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  };
  while (lives()) await nap(5);
});

test('what can not work is said at the start, with its fix', async () => {
  const runs = [
    [['exec', '--', 'sh'], /required option '--activity <ARN\|name>' not specified/],
    [
      [
        ...['exec', '--activity', 'a', '--endpoint', service.url],
        ...['--error', '3', '--error', '0=Fine', '--error', '44=States.Timeout', '--kill-after', '10s'],
        ...['--', 'sh'],
      ],
      /^Stepwright cannot start: 4 problems\.[^]*--error: expected CODE=NAME, got "3"[^]*exit code from 1 to 255, got "0=Fine"[^]*States\.Timeout is no name to give[^]*--error 44=Timeout[^]*--kill-after: [^]*less than 5 s/,
    ],
    [['exec', '--activity', 'a', '--endpoint', service.url, '--', 'no-such-program'], /COMMAND_NOT_FOUND/],
    [
      [
        'exec',
        '--activity',
        'a',
        '--endpoint',
        service.url,
        '--pass-through',
        'a-b',
        '--empty-output',
        '{',
        '--',
        'sh',
      ],
      /2 problems\.[^]*--pass-through: expected a name that an environment variable can have, got "a-b"[^]*--empty-output: expected JSON, got "{"/,
    ],
  ] as const;
  await Promise.all(
    runs.map(async ([args, message]) => {
      const run = stepwright(args);
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(run.stderr()).toMatch(message);
    }),
  );
});
