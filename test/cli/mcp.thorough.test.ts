import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { startLocalService, type LocalService } from 'stepwright/local';
import { killAll, type Run, stepwright } from '../support/cli.js';

const CONFIG = ['--config', 'test/fixtures/mcp/mcp.config.mjs'];
const opened: LocalService[] = [];

afterEach(async () => {
  killAll();
  for (const service of opened.splice(0)) await service.close();
});

async function serve(console: boolean): Promise<string> {
  const service = await startLocalService({ port: 0, console });
  opened.push(service);
  return service.url;
}

const open = (url: string): Run => stepwright(['mcp', '--endpoint', url, ...CONFIG]);
const say = ({ child }: Run, line: string): void => void child.stdin?.write(`${line}\n`);
const ask = (run: Run, id: number, method: string, params: object = {}): void =>
  say(run, JSON.stringify({ jsonrpc: '2.0', id, method, params }));
const use = (run: Run, id: number, name: string, given: object = {}): void =>
  ask(run, id, 'tools/call', { name, arguments: given });

interface Answer {
  readonly id?: number;
  readonly result?: { readonly content?: readonly { readonly text: string }[]; readonly isError?: boolean };
  readonly error?: { readonly code: number };
}

/** Ends the input. @returns the exit code, and the answers in the order of their ids */
async function end(run: Run): Promise<{ code: number | null; answers: Answer[] }> {
  run.child.stdin?.end();
  const { code } = await run.ended;
  const lines = run.stdout().split('\n').slice(0, -1);
  const answers = lines.map((line) => JSON.parse(line) as Answer);
  return { code, answers: answers.toSorted((a, b) => (a.id ?? 0) - (b.id ?? 0)) };
}

const textOf = ({ result }: Answer): string =>
  `${result?.isError === true ? 'error: ' : ''}${result?.content?.[0]?.text}`;

test('mcp serves the tools of the local service on standard input and output', async () => {
  const run = open(await serve(true));
  ask(run, 1, 'initialize', { protocolVersion: '2025-11-25' });
  say(run, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
  use(run, 2, 'create_activity', { name: 'Pay' });
  await run.saw(/"id":2/);
  use(run, 3, 'list', { what: 'activities' });
  use(run, 4, 'list', { what: 'jobs' });
  await run.saw(/"id":3[\s\S]*"id":4|"id":4[\s\S]*"id":3/);
  const { code, answers } = await end(run);
  expect(code).toBe(0);
  expect(answers[0]).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } });
  expect(answers.slice(1).map(textOf)).toEqual([
    expect.stringMatching(/^arn:aws:states:us-east-1:123456789012:activity:Pay\n/),
    '{"activity":"arn:aws:states:us-east-1:123456789012:activity:Pay","polls":0,"queued":0,"leased":0}',
    'error: \'what\' is one of machines, activities, workers, executions: got "jobs" (string)',
  ]);
  expect(run.stderr()).toBe('the config is read\n');
});

test('without a service, the tools are listed, the documentation is read, and other calls say what to start', async () => {
  const gone = await startLocalService({ port: 0 });
  await gone.close();
  const run = open(gone.url);
  ask(run, 1, 'tools/list');
  use(run, 2, 'read_docs', { page: 'mcp' });
  use(run, 3, 'list', { what: 'machines' });
  use(run, 4, 'check_project');
  await run.saw(/"id":4/);
  const { answers } = await end(run);
  expect(answers.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  expect(answers.slice(1).map(textOf)).toEqual([
    expect.stringMatching(/^# For agents\n/),
    expect.stringMatching(
      /^error: nothing listens at http:\/\/127\.0\.0\.1:\d+: start what should listen there/,
    ),
    expect.stringMatching(/^state-machines\/HelloWorld\.asl\.json:8:7 {2}error .*\n {4}fix: /m),
  ]);
});

test('a service without a console, one that is none, and AWS are told apart', async () => {
  const other = createServer((_, response) => void response.end('<html>'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const urls = [await serve(false), `http://127.0.0.1:${(other.address() as AddressInfo).port}`, 'aws'];
  const told = urls.map(async (url) => {
    const run = open(url);
    use(run, 1, 'list', { what: 'machines' });
    await run.saw(/"id":1/);
    return textOf((await end(run)).answers[0] ?? {});
  });
  expect(await Promise.all(told)).toEqual([
    expect.stringMatching(/^error: the local service at \S+ serves no console, .*: start it with --console$/),
    expect.stringMatching(/^error: \S+ is not the local service of Stepwright: start one with/),
    expect.stringMatching(/^error: the endpoint is AWS, .* add `--endpoint local`/),
  ]);
  other.close();
});

test('garbage, a message that is too large, and a call that is cancelled do not keep the next one', async () => {
  const url = await serve(true);
  const run = open(url);
  say(run, '{"jsonrpc"');
  say(run, `"${'x'.repeat(5_000_000)}"`);
  use(run, 1, 'create_activity', { name: 'Pay' });
  await run.saw(/"id":1/);
  for (let id = 2; id < 102; id++) use(run, id, 'take_task', { activity: 'Pay', waitSeconds: 50 });
  await run.saw(/too many calls are in progress/);
  for (let requestId = 2; requestId < 102; requestId++)
    say(run, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }));
  use(run, 200, 'list', { what: 'machines' });
  await run.saw(/"id":200/);
  const { code, answers } = await end(run);
  expect(code).toBe(0);
  expect(answers.filter(({ id }) => id === undefined).map(({ error }) => error?.code)).toEqual([
    -32700, -32600,
  ]);
  expect(textOf(answers.at(-1) ?? {})).toBe('There are no such machines.');
});
