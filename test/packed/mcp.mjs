#!/usr/bin/env node
// The public clients of the Model Context Protocol, of two major versions, installed into a temporary folder by this check alone.
// Each lists the tools over HTTP and over standard input and output, builds a machine, runs it, answers a task, and
// finds why another run failed. Prints a line a check; exits 1 if any fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  check,
  cleanEnv,
  expect,
  freePort,
  hasRegistry,
  install,
  must,
  root,
  start,
  summary,
} from './checks.mjs';

const CLIENTS = ['@modelcontextprotocol/sdk@1.32.2', '@modelcontextprotocol/client@2.4.0'];
const MAIN = join(root, 'dist/src/framework/cli/main.js');
const PAY = 'arn:aws:states:us-east-1:123456789012:activity:Pay';
const DEFINITION = { StartAt: 'Pay', States: { Pay: { Type: 'Task', Resource: PAY, End: true } } };

/** The name and version that a client has to give. */
const ME = { name: 'check', version: '1.0.0' };

/** The clients: how each is made, and its transports. The second may begin without a handshake, and falls back to one. */
async function clientsIn(folder) {
  const load = (name) => import(pathToFileURL(createRequire(join(folder, 'x.js')).resolve(name)).href);
  const [one, http, stdio] = await Promise.all(
    ['index', 'streamableHttp', 'stdio'].map((name) => load(`@modelcontextprotocol/sdk/client/${name}.js`)),
  );
  const two = await load('@modelcontextprotocol/client');
  const twoStdio = await load('@modelcontextprotocol/client/stdio');
  const second = { http: two.StreamableHTTPClientTransport, stdio: twoStdio.StdioClientTransport };
  const negotiated = (mode) => () => new two.Client(ME, { versionNegotiation: { mode } });
  return [
    {
      name: 'the SDK, version 1',
      client: () => new one.Client(ME),
      http: http.StreamableHTTPClientTransport,
      stdio: stdio.StdioClientTransport,
    },
    { name: 'the client, with a handshake', client: negotiated('legacy'), ...second },
    { name: 'the client, by its own choice', client: negotiated('auto'), ...second },
  ];
}

/** Calls a tool. @returns its text */
async function call(client, name, given = {}) {
  const { content, isError } = await client.callTool({ name, arguments: given });
  return `${isError ? 'error: ' : ''}${content[0].text}`;
}

function has(text, pattern) {
  expect(pattern.test(text), `expected ${pattern} in:\n${text}`);
}

/** The whole story, of one client with a machine of its own. */
async function story(client, machine) {
  const { tools } = await client.listTools();
  expect(tools.length >= 12, `there are ${tools.length} tools`);
  await call(client, 'create_activity', { name: 'Pay' });
  has(await call(client, 'save_machine', { name: machine, definition: DEFINITION }), /^Created arn:/);
  const run = async (answer) => {
    const text = await call(client, 'start_execution', { machine, input: { sum: 7 }, waitSeconds: 0 });
    const [, execution] = /^RUNNING (\S+)/.exec(text);
    const { taskToken, input } = JSON.parse(await call(client, 'take_task', { activity: 'Pay', execution }));
    expect(input === '{"sum":7}', `the input is ${input}`);
    has(await call(client, 'answer_task', { taskToken, ...answer }), /^Accepted/);
    const summary = await call(client, 'trace_execution', { execution, waitSeconds: 10 });
    return `${summary}\n${await call(client, 'trace_execution', { execution, show: 'trace' })}`;
  };
  has(await run({ output: { paid: true } }), /^SUCCEEDED [\s\S]*output: \{"paid":true\}/);
  const why = await run({ error: 'Declined', cause: 'no money' });
  has(why, /^FAILED [\s\S]*error: Declined\ncause: no money\nfailed in: Pay\nits input: \{"sum":7\}/);
  has(why, /Pay: failed by Declined: no money/);
  has(await call(client, 'start_execution', { machine: 'Nothing' }), /^error: there is no state machine/);
  has(await call(client, 'read_docs', { page: 'handlers' }), /^# Handlers/);
}

/** Connects a client, and closes it after the work. */
async function withClient(make, transport, work) {
  const client = make();
  await client.connect(transport);
  try {
    await work(client);
  } finally {
    await client.close();
  }
}

if (hasRegistry('the tools for agents')) {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-mcp-'));
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  install(folder, CLIENTS);
  const port = await freePort();
  const service = start(`exec node ${MAIN} local --port ${port}`, { cwd: folder });
  try {
    await service.saw(/Endpoint: /);
    const url = new URL(`http://127.0.0.1:${port}/mcp`);
    for (const [index, { name, client, http, stdio }] of (await clientsIn(folder)).entries()) {
      await check(`${name}: over HTTP`, () =>
        withClient(client, new http(url), (each) => story(each, `Http${index}`)),
      );
      await check(`${name}: over standard input and output`, () => {
        const server = {
          command: 'node',
          args: [MAIN, 'mcp', '--port', String(port)],
          env: cleanEnv,
          cwd: folder,
        };
        return withClient(client, new stdio(server), (each) => story(each, `Stdio${index}`));
      });
    }
    await check('a foreign Origin and a foreign Host get nothing', async () => {
      const message = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
      for (const header of ['Origin: https://evil.example', 'Host: evil.example']) {
        const curl = `curl -s -w ' %{http_code}' -H 'content-type: application/json' -H '${header}' -d '${message}' ${url}`;
        has(must(curl, { cwd: folder }), /^\{"jsonrpc":"2.0","error":.* 403$/);
      }
    });
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  summary('mcp');
}
