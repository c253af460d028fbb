import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListActivitiesCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { readPageFile } from '../../../src/framework/local/console/page-files.js';
import type { Bench } from '../service.js';
import { openConsole, pageHeaders, send, type Answer } from './console.js';

const NAMES = { allowHosts: ['steps.test', 'tunnel.test:9000'], allowOrigins: ['https://app.test'] };

async function activities({ client }: Bench): Promise<(string | undefined)[]> {
  const { activities = [] } = await client.send(new ListActivitiesCommand());
  return activities.map(({ name }) => name);
}

/** Creates an activity as the page does, with the given changes. */
const create = (bench: Bench, headers: Record<string, string | undefined>): Promise<Answer> => {
  const all = Object.entries({ ...pageHeaders(bench), ...headers }).filter(
    ([, value]) => value !== undefined,
  );
  return send(bench, '/console/api/CreateActivity', {
    method: 'POST',
    headers: Object.fromEntries(all) as Record<string, string>,
    body: '{"name":"Planted"}',
  });
};

test('the page itself may create an activity', async () => {
  const bench = await openConsole();
  expect(await create(bench, {})).toMatchObject({ status: 200 });
  expect(await activities(bench)).toEqual(['Planted']);
});

test.each<[what: string, headers: (bench: Bench) => Record<string, string | undefined>, status: number]>([
  ['another origin', () => ({ origin: 'https://evil.example' }), 403],
  ['its own name at another port', () => ({ origin: 'http://127.0.0.1:1' }), 403],
  ['no origin', () => ({ origin: undefined }), 403],
  ['a page without an origin', () => ({ origin: 'null' }), 403],
  ['an origin over TLS', ({ service }) => ({ origin: service.url.replace('http:', 'https:') }), 403],
  ['a wrong port in Host', () => ({ host: '127.0.0.1:1', origin: 'http://127.0.0.1:1' }), 403],
  ['no port in Host', () => ({ host: 'localhost', origin: 'http://localhost' }), 403],
  [
    'a rebound name',
    ({ service: { port } }) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }),
    403,
  ],
  [
    'a form',
    () => ({ 'content-type': 'application/x-www-form-urlencoded', 'x-stepwright-console': undefined }),
    403,
  ],
  ['a form of plain text', () => ({ 'content-type': 'text/plain', 'x-stepwright-console': undefined }), 403],
  ['JSON without our header', () => ({ 'x-stepwright-console': undefined }), 403],
  ['our header without JSON', () => ({ 'content-type': 'text/plain' }), 415],
])('a call with %s changes nothing', async (_, headers, status) => {
  const bench = await openConsole(NAMES);
  expect(await create(bench, headers(bench))).toMatchObject({ status });
  expect(await activities(bench)).toEqual([]);
});

test('a name, a name with a port, and a page from elsewhere can be allowed', async () => {
  const bench = await openConsole(NAMES);
  const { port } = bench.service;
  const named = [`localhost:${port}`, `[::1]:${port}`, `steps.test:${port}`, 'tunnel.test:9000'];
  for (const host of named)
    expect((await create(bench, { host, origin: `http://${host}` })).status).toBe(200);
  expect((await create(bench, { origin: 'https://app.test' })).status).toBe(200);
  const wrong = ['steps.test:9000', `tunnel.test:${port}`];
  for (const host of wrong)
    expect((await create(bench, { host, origin: `http://${host}` })).status).toBe(403);
});

test.each([
  '/console/api/stream?topic=activities',
  '/console/api/findExecutions',
  '/console/api/versions?arn=x',
  '/console/nothing.js',
  '/',
])('GET %s is for our own names and pages', async (path) => {
  const bench = await openConsole();
  expect((await send(bench, path, { headers: { host: 'localhost' } })).status).toBe(403);
  expect((await send(bench, path, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
});

test('another site can link to the page and read nothing of it', async () => {
  const bench = await openConsole();
  const headers = { 'sec-fetch-site': 'cross-site' };
  expect((await send(bench, '/', { headers })).status).not.toBe(403);
  expect((await send(bench, '/console/api/findExecutions', { headers })).status).toBe(403);
  expect(
    (await send(bench, '/console/api/findExecutions', { headers: { 'sec-fetch-site': 'same-origin' } }))
      .status,
  ).toBe(200);
});

test('every answer keeps the page to itself', async () => {
  const bench = await openConsole();
  for (const path of ['/', '/console/api/findExecutions', '/console/../../package.json']) {
    const { headers } = await send(bench, path);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';/);
    expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
});

test.each([
  '/console/../package.json',
  '/console/..%2fpackage.json',
  '/console/%2e%2e/package.json',
  '/console//etc/passwd',
  '/console/.hidden.js',
  '/console/index.html/../../../package.json',
])('%s leads to no file', async (path) => {
  const bench = await openConsole();
  expect((await send(bench, path)).status).toBe(404);
});

test('a name that the address would not let through leads to no file either', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'stepwright-page-'));
  const folder = join(outside, 'console');
  mkdirSync(folder);
  for (const file of ['../outside.js', '.hidden.js', 'inside.js']) writeFileSync(join(folder, file), '1');
  expect(await readPageFile(folder, 'inside.js')).toMatchObject({ type: 'text/javascript; charset=utf-8' });
  for (const name of ['../outside.js', './../outside.js', '.hidden.js', 'a/../inside.js', 'inside.js/'])
    expect([name, await readPageFile(folder, name)]).toEqual([name, undefined]);
  rmSync(outside, { recursive: true });
});

test('GETs change nothing, and what is no operation is not done', async () => {
  const bench = await openConsole();
  expect((await send(bench, '/console/api/CreateActivity?name=Planted')).status).toBe(404);
  expect((await send(bench, '/console/api/CreateActivity', { method: 'PUT' })).status).toBe(405);
  const act = { method: 'POST', headers: pageHeaders(bench), body: '{}' };
  for (const name of ['constructor', 'CreateActivity/', 'createActivity'])
    expect((await send(bench, `/console/api/${name}`, act)).status).toBe(404);
  expect(await activities(bench)).toEqual([]);
});

test('a poll whose connection is cut waits for no task', async () => {
  const bench = await openConsole();
  const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:Work';
  bench.service.seedActivity(activityArn);
  const body = JSON.stringify({ activityArn });
  const headers = {
    ...pageHeaders(bench),
    host: new URL(bench.service.url).host,
    'content-length': body.length,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const poll = `POST /console/api/GetActivityTask HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
  const socket = connect(bench.service.port, '127.0.0.1');
  // The response to the second has no socket yet.
  socket.write(poll + poll);
  await bench.clock.settle(() => bench.service.parkedPolls === 2);
  expect(bench.service.parkedPolls).toBe(2);
  socket.destroy();
  await bench.clock.settle(() => bench.service.parkedPolls === 0);
  expect(bench.service.parkedPolls).toBe(0);
});

test('without the console there is no page and nothing that it asks', async () => {
  const bench = await openConsole({ console: false });
  for (const path of ['/', '/console/api/findExecutions'])
    expect((await send(bench, path)).text).toContain('UnknownOperationException');
});
