import { request, type ClientRequest } from 'node:http';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Logger } from '../../../src/framework/base/log/log.js';
import { openConsole } from '../console/console.js';
import type { Bench } from '../service.js';
import { ask, call, JSON_HEADERS, post } from './mcp.js';

const PAY = 'arn:aws:states:us-east-1:123456789012:activity:Pay';
const SHOP = { StartAt: 'Pay', States: { Pay: { Type: 'Task', Resource: PAY, End: true } } };

/** Sends a call that waits for a task. */
function wait({ service }: Bench): ClientRequest {
  const params = { name: 'take_task', arguments: { activity: 'Pay', waitSeconds: 50 } };
  const sent = request(`${service.url}/mcp`, { method: 'POST', headers: JSON_HEADERS, agent: false });
  sent.on('error', () => {});
  sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  return sent;
}

const closed = (sent: ClientRequest): Promise<void> => new Promise((resolve) => sent.on('close', resolve));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a body of ten megabytes is refused, and others are answered', async () => {
  const bench = await openConsole();
  const { status, text } = await post(bench, `"${'x'.repeat(10_000_000)}"`);
  expect([status, JSON.parse(text)]).toMatchObject([413, { error: { message: 'The message is too large' } }]);
  expect(await call(bench, 'list', { what: 'machines' })).toBe('There are no such machines.');
});

test('a thousand clients that begin leave nothing behind', async () => {
  const bench = await openConsole();
  for (let n = 0; n < 1_000; n++) await ask(bench, 'initialize', { protocolVersion: '2025-11-25' });
  const { headers } = await post(bench, '{"jsonrpc":"2.0","id":1,"method":"initialize"}');
  expect(headers['mcp-session-id']).toBeUndefined();
  expect(bench.clock.pending).toBe(0);
});

test('a thousand clients that close in the middle of a call hold no wait, and take no task', async () => {
  const bench = await openConsole();
  await call(bench, 'create_activity', { name: 'Pay' });
  for (let round = 0; round < 40; round++) {
    const sent = Array.from({ length: 25 }, () => wait(bench));
    while (bench.clock.pending < 25) await turn();
    const all = Promise.all(sent.map(closed));
    for (const each of sent) each.destroy();
    await all;
    while (bench.clock.pending > 0) await turn();
  }
  await call(bench, 'save_machine', { name: 'Shop', definition: SHOP });
  await call(bench, 'start_execution', { machine: 'Shop', name: 'one', waitSeconds: 0 });
  await bench.clock.advance(60_000);
  expect(await call(bench, 'take_task', { activity: 'Pay', waitSeconds: 0 })).toContain('taskToken');
});

test('two hundred calls that wait leave others their answers', async () => {
  const bench = await openConsole();
  await call(bench, 'create_activity', { name: 'Pay' });
  const sent = Array.from({ length: 200 }, () => wait(bench));
  const all = Promise.all(sent.map(closed));
  const answered: unknown[] = [];
  for (const each of sent) each.on('response', (response) => void answered.push(response.resume()));
  // Those for which there is no room are answered at once.
  while (bench.clock.pending < 32) await turn();
  for (let n = 0; n < 50; n++)
    expect(await call(bench, 'list', { what: 'activities' })).toContain('activity:Pay');
  while (answered.length < 168) await turn();
  expect(bench.clock.pending).toBe(32);
  for (const each of sent) each.destroy();
  await all;
});

test('whatever is sent as a message or as arguments is answered, and never makes the service fail', async () => {
  const failures: unknown[] = [];
  const write = (): void => {};
  const log = {
    trace: write,
    debug: write,
    info: write,
    warn: write,
    fatal: write,
    error: (...line: unknown[]) => void failures.push(line),
  } as unknown as Logger;
  const bench = await openConsole({ log });
  await call(bench, 'create_activity', { name: 'Pay' });
  const definition = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };
  await call(bench, 'save_machine', { name: 'Shop', definition });
  const { tools } = await ask<{
    tools: { name: string; inputSchema: { properties: Record<string, { enum?: string[] }> } }[];
  }>(bench, 'tools/list');
  const names = ['Shop', 'Pay', 'P', 'machines', 'executions', '', 'arn:aws:states', '{}', '__proto__'];
  const value = fc.oneof(
    fc.constantFrom(...names),
    fc.jsonValue(),
    fc.constant(definition),
    fc.integer({ min: -1, max: 60 }),
    fc.constant(0),
  );
  const toolCall = fc
    .constantFrom(...tools.filter(({ name }) => name !== 'read_docs'))
    .chain(({ name, inputSchema }) => {
      const fields = Object.keys(inputSchema.properties).map((field) => [field, value] as const);
      return fc.record({
        name: fc.constant(name),
        // Calls that wait are not tried here.
        arguments: fc
          .record(Object.fromEntries(fields), { requiredKeys: [] })
          .map((given) => ('waitSeconds' in inputSchema.properties ? { ...given, waitSeconds: 0 } : given)),
      });
    });
  const messages = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', 2),
        id: fc.oneof(fc.integer(), fc.string(), fc.jsonValue()),
        method: fc.constantFrom('tools/call', 'tools/list', 'initialize', 'ping', 'toString', 7),
        params: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    toolCall.map((params) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })),
    toolCall.map((params) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })),
  );
  await fc.assert(
    fc.asyncProperty(messages, async (message) => {
      const { status, text } = await post(bench, JSON.stringify(message));
      expect([200, 202, 400]).toContain(status);
      if (status === 202) return;
      const answer = JSON.parse(text) as { jsonrpc: string; result?: unknown; error?: unknown };
      expect(answer.jsonrpc).toBe('2.0');
      expect((answer.result === undefined) !== (answer.error === undefined)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  expect(failures).toEqual([]);
}, 60_000);
