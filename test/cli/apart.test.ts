import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { endpointOf, execute, killAll, type Run, SLOW, stepwright, WAITING } from '../support/cli.js';

let service: Run;
let url: string;
let workers: Run[] = [];
beforeAll(async () => {
  service = stepwright(['local', ...SLOW, '--port', '0']);
  url = await endpointOf(service);
});
afterEach(() => {
  for (const { child } of workers) child.kill('SIGKILL');
  workers = [];
});
afterAll(killAll);

async function workerAt(endpoint: string, args: string[] = []): Promise<Run> {
  const worker = stepwright(['start', ...SLOW, ...args], { AWS_ENDPOINT_URL_SFN: endpoint });
  workers.push(worker);
  await worker.saw(WAITING);
  return worker;
}

/** Clients that reset their connections in the middle of a request, and one that speaks no HTTP. */
async function rudeTo(url: string): Promise<void> {
  for (const words of ['GET /ready HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /li', 'what?\r\n\r\n']) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(words, () => resolve()));
    socket.resetAndDestroy();
  }
}

describe('with the service and the worker in processes of their own', () => {
  test('SIGTERM lets a running task end, and the process ends by itself with 0', async () => {
    const worker = await workerAt(url);
    const run = execute(url, 'Slow', '{}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toBe('"ended in the drain"\n');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
  });

  test('SIGHUP, which a closed terminal sends, drains as well', async () => {
    const worker = await workerAt(url);
    const run = execute(url, 'Slow', '{}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGHUP');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(await worker.ended).toEqual({ code: 0, signal: null });
  });

  test('a trace shows the frames of the user, and none of the framework', async () => {
    await workerAt(url);
    const run = execute(url, 'Throws', '{}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(/"trace":\["at Slow\.throws [^\]]*slow\.config\.mjs/);
    expect(run.stderr()).not.toContain('src/framework');
  });

  test('a second SIGTERM later ends it at once, with 143', async () => {
    const worker = await workerAt(url);
    execute(url, 'Slow', '{"never":true}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGTERM');
    await worker.saw(/worker is draining/);
    // Repeats within 100 ms of the first are the same request; the one that counts comes after them.
    const again = setInterval(() => worker.child.kill('SIGTERM'), 20);
    expect(await worker.ended).toEqual({ code: 143, signal: null });
    clearInterval(again);
  });

  test('a rejection that nobody handles is logged loudly and costs no task', async () => {
    const worker = await workerAt(url);
    expect(await execute(url, 'Reject', '{}').ended).toEqual({ code: 0, signal: null });
    await worker.saw(/"level":"error".*forgotten.*a rejected promise was not handled/);
    expect(await execute(url, 'Reject', '{}').ended).toEqual({ code: 0, signal: null });
  });

  test('an exception that nobody catches is logged, drains the worker, and ends it with 1', async () => {
    const worker = await workerAt(url);
    const run = execute(url, 'Crash', '{}');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    await worker.saw(/"level":"error".*nobody catches this.*the worker drains and ends/);
    expect(await worker.ended).toEqual({ code: 1, signal: null });
  });

  test('/live and /ready answer from the state of the worker', async () => {
    const worker = await workerAt(url, ['--health-port', '0']);
    const [, health = ''] = await worker.saw(/Health: (http:\/\/127\.0\.0\.1:\d+)/);
    const ask = async (path: string): Promise<{ status: number; body: unknown }> => {
      const answer = await fetch(health + path);
      return { status: answer.status, body: await answer.json() };
    };
    await rudeTo(health);
    expect(await ask('/live')).toEqual({ status: 200, body: { state: 'running' } });
    const first = await ask('/ready');
    expect([200, 503]).toContain(first.status);
    execute(url, 'Slow', '{"never":true}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGTERM');
    await worker.saw(/worker is draining/);
    expect(await ask('/ready')).toEqual({
      status: 503,
      body: { state: 'draining', ready: false, reasons: ['the worker is draining'] },
    });
    await rudeTo(health);
    expect(await ask('/live')).toEqual({ status: 200, body: { state: 'draining' } });
    expect(await ask('/nope')).toMatchObject({ status: 404 });
  });
});
