import { describe, expect, test } from '@jest/globals';
import { execute, localService } from '../support/cli.js';

const local = localService();

describe('with the service and the worker in processes of their own', () => {
  test('SIGTERM lets a running task end, and the process ends by itself with 0', async () => {
    const worker = await local.worker();
    const run = execute(local.url(), 'Slow', '{}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toBe('"ended in the drain"\n');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
  });

  test('a second SIGTERM later ends it at once, with 143', async () => {
    const worker = await local.worker();
    execute(local.url(), 'Slow', '{"never":true}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGTERM');
    await worker.saw(/the drain waits for 1 running task \(Slow\.run\): told to end in \d+ s/);
    // A signal within 100 ms of the first is the same request, so the second request comes later.
    const again = setInterval(() => worker.child.kill('SIGTERM'), 20);
    expect(await worker.ended).toEqual({ code: 143, signal: null });
    clearInterval(again);
  });

  test('a rejection that nobody handles is logged loudly and costs no task', async () => {
    const worker = await local.worker();
    expect(await execute(local.url(), 'Reject', '{}').ended).toEqual({ code: 0, signal: null });
    await worker.saw(
      /"level":"error".*"handler":"Slow\.reject","task":"[0-9a-f]{8}".*forgotten.*a rejected promise was not handled\. Fix: await the call/,
    );
    expect(await execute(local.url(), 'Reject', '{}').ended).toEqual({ code: 0, signal: null });
  });

  test('an exception that nobody catches is logged, drains the worker, and ends it with 1', async () => {
    const worker = await local.worker();
    const run = execute(local.url(), 'Crash', '{}');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    await worker.saw(
      /"level":"error".*"handler":"Slow\.crash".*nobody catches this.*the worker drains and ends\. Fix: catch/,
    );
    expect(await worker.ended).toEqual({ code: 1, signal: null });
  });
});
