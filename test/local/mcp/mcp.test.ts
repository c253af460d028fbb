import { once } from 'node:events';
import { request } from 'node:http';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openBench, type Bench } from '../service.js';
import { openConsole, send } from '../console/console.js';
import { ask, call, JSON_HEADERS, post } from './mcp.js';

const PAY = 'arn:aws:states:us-east-1:123456789012:activity:Pay';
const SHOP = {
  StartAt: 'Prepare',
  States: {
    Prepare: { Type: 'Pass', Result: 7, ResultPath: '$.id', Next: 'Pay' },
    Pay: { Type: 'Task', Resource: PAY, End: true },
  },
};
const NOW = { waitSeconds: 0 };

/** Lets executions go on until a report fits. They need no time, but turns of the event loop. */
async function traced(bench: Bench, execution: string, fits: RegExp): Promise<string> {
  for (;;) {
    const text = await call(bench, 'trace_execution', { execution });
    if (fits.test(text)) return text;
  }
}

const tokenIn = (text: string): string => (JSON.parse(text) as { taskToken: string }).taskToken;

test('a client builds a machine, runs it, does its task, and finds why another run failed', async () => {
  const bench = await openConsole();
  const use = (name: string, given: object): Promise<string> => call(bench, name, given);
  expect(await use('save_machine', { name: 'Shop', definition: SHOP })).toMatch(
    /^Created arn:\S+:Shop\nwarning: the activity \S+:Pay does not exist: create_activity/,
  );
  await use('create_activity', { name: 'Pay' });
  const take = async (name: string): Promise<string> => {
    await use('start_execution', { machine: 'Shop', name, input: { who: 'ann' }, ...NOW });
    await traced(bench, name, /now in: Pay/);
    return use('take_task', { activity: 'Pay', execution: name, ...NOW });
  };
  const task = await take('good');
  expect(JSON.parse(task)).toMatchObject({ input: '{"who":"ann","id":7}', state: 'Pay' });
  expect(await use('answer_task', { taskToken: tokenIn(task), output: { paid: true } })).toBe('Accepted.');
  expect(await traced(bench, 'good', /^SUCCEEDED/)).toMatch(
    /^SUCCEEDED \S+:good\noutput: \{"paid":true\}\nsteps: \d+ events/,
  );

  await use('answer_task', { taskToken: tokenIn(await take('bad')), error: 'Declined', cause: 'no money' });
  const why = await traced(bench, 'bad', /^FAILED/);
  expect(why).toMatch(
    /error: Declined\ncause: no money\nfailed in: Pay\nits input: \{"who":"ann","id":7\}\n/,
  );
  expect(await use('trace_execution', { execution: 'bad', show: 'trace' })).toMatch(
    / {4}0\.0 s {2}Pay: taken by mcp\n {4}0\.0 s {2}Pay: failed by Declined: no money/,
  );
  expect(await use('list', { what: 'executions', machine: 'Shop', status: 'FAILED' })).toMatch(
    /^\{"execution":"arn:\S+:bad","status":"FAILED".*"error":"Declined"\}$/,
  );

  const again = await use('run_from_state', {
    execution: 'bad',
    state: 'Pay',
    input: '{"who":"bob"}',
    ...NOW,
  });
  const [, arn = ''] = /^RUNNING (\S+)/.exec(again) ?? [];
  await traced(bench, arn, /now in: Pay/);
  expect(JSON.parse(await use('take_task', { activity: PAY, ...NOW }))).toMatchObject({
    input: '{"who":"bob"}',
  });
  expect(await use('redrive_execution', { execution: 'bad', ...NOW })).toMatch(/^RUNNING \S+:bad\n/);
  expect(await use('stop_execution', { execution: 'bad', error: 'Enough' })).toMatch(
    /^ABORTED \S+:bad\nerror: Enough\n/,
  );
});

test('a client is greeted in the version that it asks for, or in the latest', async () => {
  const bench = await openConsole();
  const hello = (protocolVersion: string): Promise<object> => ask(bench, 'initialize', { protocolVersion });
  expect(await hello('2025-06-18')).toMatchObject({
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'stepwright' },
  });
  for (const other of ['1999-01-01', '2026-07-28'])
    expect(await hello(other)).toMatchObject({ protocolVersion: '2025-11-25' });
  const { status, text } = await post(bench, '{"jsonrpc":"2.0","id":1,"method":"server/discover"}', {
    'mcp-protocol-version': '2026-07-28',
  });
  expect([status, JSON.parse(text)]).toMatchObject([
    400,
    { error: { code: -32600, message: expect.stringMatching(/2025-11-25 and 2025-06-18$/) } },
  ]);
});

test('every tool has a description and a JSON Schema of its arguments', async () => {
  const bench = await openConsole();
  const { tools } = await ask<{ tools: { name: string; description: string; inputSchema: object }[] }>(
    bench,
    'tools/list',
  );
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['list', 'save_machine', 'start_execution', 'trace_execution', 'read_docs']),
  );
  const ajv = new Ajv2020();
  for (const { description, inputSchema } of tools) {
    expect(description).toMatch(/^[A-Z].*\.$/s);
    expect(ajv.validateSchema(inputSchema)).toBe(true);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
  }
  // A model reads the list at the start of each conversation.
  expect(JSON.stringify(tools).length).toBeLessThan(12_000);
});

test.each<[what: string, headers: (bench: Bench) => Record<string, string>, status: number]>([
  ['a foreign Origin', () => ({ origin: 'https://evil.example' }), 403],
  ['a page without an origin', () => ({ origin: 'null' }), 403],
  ['a foreign Host', ({ service }) => ({ host: `evil.example:${service.port}` }), 403],
  ['a Host with another port', () => ({ host: '127.0.0.1:1' }), 403],
  ['a request of another site', () => ({ 'sec-fetch-site': 'cross-site' }), 403],
  ['a form', () => ({ 'content-type': 'text/plain' }), 415],
  ['a client that takes no JSON', () => ({ accept: 'text/html' }), 406],
])('%s gets nothing', async (_, headers, status) => {
  const bench = await openConsole();
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'create_activity', arguments: { name: 'Planted' } },
  });
  const answer = await post(bench, body, headers(bench));
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toMatchObject({ error: { code: -32600 } });
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expect(await call(bench, 'list', { what: 'activities' })).toBe('There are no such activities.');
});

test('there are no streams, and without the console there are no tools', async () => {
  const bench = await openConsole();
  for (const method of ['GET', 'DELETE', 'OPTIONS'])
    expect(await send(bench, '/mcp', { method })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  const { status, text } = await post(await openBench(), '{"jsonrpc":"2.0","id":1,"method":"ping"}');
  expect([status, JSON.parse(text)]).toMatchObject([400, { message: 'The request names no operation' }]);
});

test.each<[what: string, body: string, status: number, code: number]>([
  ['garbage', '{"jsonrpc"', 400, -32700],
  ['a text', '"hello"', 400, -32600],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600],
  ['another version of JSON-RPC', '{"id":1,"method":"ping"}', 400, -32600],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
  ['no method', '{"jsonrpc":"2.0","id":1}', 400, -32600],
  ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32600],
  ['deep nesting', '['.repeat(100_000), 400, -32700],
  ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"resources/list"}', 200, -32601],
  [
    'an unknown tool',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"__proto__"}}',
    200,
    -32602,
  ],
])('%s is answered with an error', async (_, body, status, code) => {
  const answer = await post(await openConsole(), body);
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    status,
    { jsonrpc: '2.0', error: { code } },
  ]);
});

test('a notification is accepted', async () => {
  const accepted = await post(await openConsole(), '{"jsonrpc":"2.0","method":"notifications/initialized"}');
  expect(accepted).toMatchObject({ status: 202, text: '' });
});

test.each<[tool: string, given: unknown, error: RegExp]>([
  ['list', {}, /^error: 'what' is missing/],
  ['list', [], /^error: the arguments are not an object/],
  ['list', { what: 'jobs', of: 1 }, /no argument "of" .*\n'what' is one of machines, .*: got "jobs"/],
  ['list', { what: 'machines', status: 'FAILED' }, /^error: 'status' is for what: executions$/],
  ['list', { what: 'executions', since: 'noon' }, /^error: 'since' is a time such as \S+: got "noon"/],
  ['start_execution', { machine: 'Shp' }, /no state machine 'Shp': did you mean 'Shop'\?$/],
  ['start_execution', { machine: 'Shop', input: '{no' }, /^error: 'input' is text that is not JSON/],
  ['start_execution', { machine: 'Shop', waitSeconds: 900 }, /whole number from 0 to 50: got 900/],
  [
    'start_execution',
    { machine: 'Shop', waitSecond: 1 },
    /no argument "waitSecond" .* did you mean 'waitSeconds'\?$/,
  ],
  ['save_machine', { name: 'New', definition: {} }, /^error: InvalidDefinition: .*StartAt/s],
  ['save_machine', { name: 'a b', definition: SHOP }, /^error: InvalidName/],
  ['trace_execution', { execution: 'none' }, /no execution 'none', and no other: start_execution/],
  ['take_task', { activity: 'Pay', waitSeconds: 0 }, /^error: no task of \S+:Pay is queued/],
  ['take_task', { activity: 'Play' }, /no activity 'Play': did you mean 'Pay'\?$/],
  ['answer_task', { taskToken: 'x' }, /give one of 'output', 'error' and 'heartbeat: true'/],
  ['answer_task', { taskToken: 'x', output: 1 }, /^error: InvalidToken/],
  ['test_state', { state: 'Pay' }, /give 'definition' or 'machine'/],
  ['test_state', { machine: 'Shop' }, /^error: \w+/],
  ['test_state', { machine: 'Shop', state: 'Pay' }, /^error: the state 'Pay' is a Task, .*: give a mock, as/],
  ['trace_execution', { execution: 'none', show: 'trace', state: 'Pay' }, /give 'show' or 'state', not both/],
  ['read_log', { execution: 'none' }, /no execution 'none', and no other: start_execution/],
  ['run_from_state', { execution: 'none', state: 'Pay' }, /no execution 'none'/],
  ['read_docs', { page: '../package' }, /no page '\.\.\/package'/],
  ['check_project', {}, /belongs to no project: run `npx stepwright check`/],
])('a mistake in a call of %s %j says what is wrong', async (tool, given, error) => {
  const bench = await openConsole();
  await call(bench, 'create_activity', { name: 'Pay' });
  await call(bench, 'save_machine', { name: 'Shop', definition: SHOP });
  expect(await call(bench, tool, given as object)).toMatch(error);
});

test('a text that is too long is cut, and the rest is got by calling again', async () => {
  const bench = await openConsole();
  const definition = JSON.stringify({ ...SHOP, Comment: 'x'.repeat(60_000) }, undefined, 1);
  await call(bench, 'save_machine', { name: 'Long', definition });
  let read = '';
  for (let from: number | undefined = 0; from !== undefined;) {
    const text: string = await call(bench, 'read_machine', { machine: 'Long', from });
    expect(text.length).toBeLessThan(25_000);
    read += text.replace(/\n\[Cut after .*\]$/, '');
    from = /with from: (\d+)\.\]$/.exec(text)?.[1] === undefined ? undefined : read.length;
  }
  expect(read).toBe(definition);
  expect(await call(bench, 'read_machine', { machine: 'Long', from: 90_000 })).toMatch(/behind the end/);
});

test('one state is tested with each step of its data flow, and a definition with all of its mistakes', async () => {
  const bench = await openConsole();
  const tested = await call(bench, 'test_state', {
    definition: SHOP,
    state: 'Prepare',
    input: { who: 'ann' },
  });
  expect(JSON.parse(tested)).toMatchObject({
    status: 'SUCCEEDED',
    output: '{"who":"ann","id":7}',
    nextState: 'Pay',
    inspectionData: { result: '7' },
  });
  const failed = await call(bench, 'test_state', { definition: SHOP, state: 'Pay', error: 'Declined' });
  expect(JSON.parse(failed)).toMatchObject({ status: 'FAILED', error: 'Declined' });
  const wrong = { StartAt: 'Nowhere', States: { Pay: { Type: 'Task', End: true } } };
  expect(await call(bench, 'validate_definition', { definition: wrong })).toMatch(
    /error \w+ at \/StartAt: .*\n?.*\/States\/Pay/s,
  );
  const warning = /\nwarning: the activity \S+:Pay does not exist: create_activity creates one in us-east-1$/;
  expect(await call(bench, 'validate_definition', { definition: SHOP })).toMatch(warning);
  expect(await call(bench, 'save_machine', { name: 'Shop', definition: SHOP })).toMatch(warning);
  await call(bench, 'create_activity', { name: 'Pay' });
  expect(await call(bench, 'validate_definition', { definition: SHOP })).toBe('The definition is valid.');
});

test('a summary names the limit that was broken, the failure before the last, and the redrives', async () => {
  const bench = await openConsole();
  const { States } = SHOP;
  const Pay = { ...States.Pay, Catch: [{ ErrorEquals: ['Declined'], Next: 'Hold' }] };
  const Hold = { Type: 'Task', Resource: PAY, End: true };
  const definition = { ...SHOP, TimeoutSeconds: 60, States: { ...States, Pay, Hold } };
  await call(bench, 'create_activity', { name: 'Pay' });
  await call(bench, 'save_machine', { name: 'Shop', definition });
  await call(bench, 'start_execution', { machine: 'Shop', name: 'slow', ...NOW });
  await traced(bench, 'slow', /now in: Pay/);
  const taskToken = tokenIn(await call(bench, 'take_task', { activity: 'Pay', ...NOW }));
  await call(bench, 'answer_task', { taskToken, error: 'Declined', cause: 'no money' });
  await traced(bench, 'slow', /now in: Hold/);
  await bench.clock.advance(60_000);
  const first = 'failed first in: Pay, by Declined: no money';
  expect(await traced(bench, 'slow', /^TIMED_OUT/)).toMatch(
    new RegExp(
      `\nreason: The execution took longer than .* \\(60 s\\). Hold: no worker took its task.*\n${first}`,
    ),
  );
  expect(await call(bench, 'redrive_execution', { execution: 'slow', ...NOW })).toMatch(/\nredrives: 1\n/);
});

test('executions are found by a part of their error or input, and by the time of their start', async () => {
  const bench = await openConsole();
  await call(bench, 'create_activity', { name: 'Pay' });
  const Pay = { Type: 'Fail', Error: 'Declined', Cause: 'no money' };
  await call(bench, 'save_machine', { name: 'Shop', definition: { StartAt: 'Pay', States: { Pay } } });
  for (const who of ['ann', 'bob']) {
    await call(bench, 'start_execution', { machine: 'Shop', name: who, input: { who }, ...NOW });
    await traced(bench, who, /^FAILED/);
    await bench.clock.advance(60_000);
  }
  const found = async (filter: object): Promise<string[]> => {
    const text = await call(bench, 'list', { what: 'executions', ...filter });
    return [...text.matchAll(/"execution":"\S+?:(\w+)"/g)].map(([, name = '']) => name);
  };
  const { clock } = bench;
  const ago = (ms: number): string => new Date(clock.now() - ms).toISOString();
  expect(await found({})).toEqual(['bob', 'ann']);
  expect(await found({ error: 'no money' })).toEqual(['bob', 'ann']);
  expect(await found({ error: 'accepted' })).toEqual([]);
  expect(await found({ input: '"who": "ann"', machine: 'Shop' })).toEqual(['ann']);
  expect(await found({ since: ago(90_000) })).toEqual(['bob']);
  expect(await found({ until: ago(90_000), status: 'FAILED' })).toEqual(['ann']);
});

test('workers are listed with what they do, and without any those that poll', async () => {
  const handler = { name: 'Pay.pay', activityArn: PAY, concurrency: 4, used: 1, running: 1, undelivered: 0 };
  const worker = { name: 'desk-3', state: 'running', ready: false, reasons: ['paused'], tasksInFlight: 1 };
  const bench = await openConsole({
    console: { workers: () => [{ ...worker, handlers: [handler], tasks: [], counts: { succeeded: 7 } }] },
  });
  expect(JSON.parse(await call(bench, 'list', { what: 'workers' }))).toMatchObject({
    name: 'desk-3',
    ready: false,
    reasons: ['paused'],
    details: { counts: { succeeded: 7 } },
    handlers: [{ name: 'Pay.pay', activityArn: PAY, running: 1, concurrency: 4 }],
  });
  const empty = await openConsole();
  expect(await call(empty, 'list', { what: 'workers' })).toMatch(/^No worker polls\. Only workers that/);
});

test('only the tools that change nothing are marked so', async () => {
  const { tools } = await ask<{ tools: { name: string; annotations: { readOnlyHint: boolean } }[] }>(
    await openConsole(),
    'tools/list',
  );
  expect(tools.filter(({ annotations }) => annotations.readOnlyHint).map(({ name }) => name)).toEqual([
    'list',
    'read_machine',
    'validate_definition',
    'trace_execution',
    'read_log',
    'write_test',
    'check_project',
    'read_docs',
  ]);
});

test('a page of the documentation is read by its name', async () => {
  const bench = await openConsole();
  expect(await call(bench, 'read_docs')).toMatch(/^# Documentation\n/);
  expect(await call(bench, 'read_docs', { page: 'docs/console.md' })).toMatch(/^# The console\n/);
  expect(await call(bench, 'read_docs', { page: 'errors#timeouts' })).toMatch(/^# Errors\n/);
  expect(await call(bench, 'read_docs', { page: 'mcp#access' })).toMatch(
    /^## Access\n\nThe tools [^\n]+\n\n[^\n]+$/,
  );
});

test('every page to which a page of the documentation links can be read by the name in its link', async () => {
  const bench = await openConsole();
  const seen = new Set(['README.md']);
  for (const page of seen) {
    const text = await readAll(bench, page);
    const prose = text.replaceAll(/^[ \t]*```[\s\S]*?^[ \t]*```$/gm, '');
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g))
      // Those of the package: the examples are not in it.
      if (/^(\.\.\/|docs\/)?[\w-]+\.md(#|$)/.test(target)) seen.add(target);
  }
  expect([...seen]).toEqual(expect.arrayContaining(['handlers.md#input', '../CHANGELOG.md', '../README.md']));
}, 60_000);

async function readAll(bench: Bench, page: string): Promise<string> {
  let read = '';
  for (let more = true; more;) {
    const text = await call(bench, 'read_docs', { page, from: read.length });
    expect(text).not.toMatch(/^error/);
    more = /\n\[Cut after .*\]$/.test(text);
    read += more ? text.replace(/\[Cut after .*\]$/, '') : text;
  }
  return read;
}

/** Sends a call that waits. */
const wait = (bench: Bench): ReturnType<typeof request> => {
  const params = { name: 'take_task', arguments: { activity: 'Pay', waitSeconds: 5 } };
  const sent = request(`${bench.service.url}/mcp`, { method: 'POST', headers: JSON_HEADERS });
  sent.on('error', () => {});
  sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  return sent;
};

test('a call whose client has gone takes no task', async () => {
  const bench = await openConsole();
  await call(bench, 'create_activity', { name: 'Pay' });
  await call(bench, 'save_machine', { name: 'Shop', definition: SHOP });
  const waiting = wait(bench);
  while (bench.clock.pending === 0) await new Promise(setImmediate);
  const closed = new Promise((resolve) => waiting.on('close', resolve));
  waiting.destroy();
  await closed;
  while (bench.clock.pending > 0) await new Promise(setImmediate);
  await call(bench, 'start_execution', { machine: 'Shop', name: 'one', ...NOW });
  await traced(bench, 'one', /now in: Pay/);
  await bench.clock.advance(60_000);
  expect(await call(bench, 'take_task', { activity: 'Pay', ...NOW })).toContain('taskToken');
});

test('while many calls wait, others are answered at once, and a wait ends with its time', async () => {
  const bench = await openConsole();
  await call(bench, 'create_activity', { name: 'Pay' });
  const waiting = Array.from({ length: 32 }, () => wait(bench));
  const answered = Promise.all(waiting.map((each) => once(each, 'response')));
  while (bench.clock.pending < 32) await new Promise(setImmediate);
  const given = { activity: 'Pay', waitSeconds: 5 };
  expect(await call(bench, 'take_task', given)).toMatch(/^error: no task/);
  await bench.clock.advance(5_000);
  expect(await answered).toHaveLength(32);
});

test('the events of a state have all of its data, in parts if there is much', async () => {
  const bench = await openConsole();
  const step = { Type: 'Pass', End: true };
  const each = { StartAt: 'Step', States: { Step: step } };
  const definition = { StartAt: 'Each', States: { Each: { Type: 'Map', ItemProcessor: each, End: true } } };
  await call(bench, 'save_machine', { name: 'Many', definition });
  const input = Array.from({ length: 400 }, (_, index) => `item ${index}`);
  await call(bench, 'start_execution', { machine: 'Many', name: 'one', input, ...NOW });
  await traced(bench, 'one', /^SUCCEEDED/);
  let read = '';
  for (let more = true; more;) {
    const text = await call(bench, 'trace_execution', { execution: 'one', state: 'Step', from: read.length });
    more = text.includes('\n[Cut after');
    read += more ? text.replace(/\[Cut after .*$/, '') : text;
  }
  for (const item of input) expect(read.split(`"input":"\\"${item}\\""`)).toHaveLength(2);
  const trace = await call(bench, 'trace_execution', { execution: 'one', show: 'trace' });
  expect(trace).toMatch(/^ {4}0\.0 s {2}Each: begins\n[^]*\n\[Cut after \d+ characters\. The rest: /);
  expect(await call(bench, 'write_test', { execution: 'one' })).toMatch(
    /^import [^]*createTestMachine\(definition/,
  );
  expect(await call(bench, 'trace_execution', { execution: 'one', state: 'Stop' })).toMatch(
    /^error: the execution has not entered a state 'Stop'; it has entered Each, Step$/,
  );
});
