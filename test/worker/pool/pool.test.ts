import { beforeEach, expect, test } from '@jest/globals';
import { createTaskContext } from 'stepwright/testing';
import type { Host, HostExit } from '../../../src/framework/worker/pool/host.js';
import { hostedHandler } from '../../../src/framework/worker/pool/hosted-handler.js';
import type { FromHost, ToHost } from '../../../src/framework/worker/pool/pool-messages.js';
import { Pool } from '../../../src/framework/worker/pool/pool.js';
import type { HandlerEnd } from '../../../src/framework/declare/outcome.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { outcomeOf } from '../../support/outcome.js';

/** A thread that starts when the test says so, and then succeeds with each task's own input. */
class FakeHost implements Host {
  readonly kind = 'thread';
  onMessage: (message: FromHost) => void = () => {};
  kill: () => void = () => {};
  readonly exited = new Promise<HostExit>((resolve) => {
    this.kill = () => resolve({ exitCode: 1, signal: null, error: undefined, stderr: '' });
  });
  readonly texts: string[] = [];

  send(message: ToHost): void {
    if (message.kind === 'close') this.kill();
    if (message.kind !== 'task') return;
    this.texts.push(message.text);
    this.onMessage({ kind: 'outcome', outcome: { status: 'succeeded', output: message.text } });
    this.onMessage({ kind: 'settled', outcome: undefined, memoryMb: 1 });
  }
}

let hosts: FakeHost[];
let clock: HandClock;
let pool: Pool;
beforeEach(() => {
  hosts = [];
  clock = new HandClock();
  pool = poolOf();
});

function poolOf(options: { readonly recycleAfter?: number } = {}): Pool {
  const spawn = (): Host => {
    const host = new FakeHost();
    hosts.push(host);
    return host;
  };
  const host = { module: '', baseDir: '.', globs: undefined, handler: 'A.run', sourceMaps: false };
  return new Pool({ spawn, host, clock, random: () => 0, log: silentLog, ...options });
}

interface Running {
  readonly outcome: Promise<HandlerEnd>;
  readonly abort: () => void;
}

function run(text: string): Running {
  const aborter = new AbortController();
  const context = createTaskContext({ rawInput: text, signal: aborter.signal });
  return { outcome: outcomeOf(hostedHandler(pool, clock), text, context), abort: () => aborter.abort() };
}

const ready = (host: FakeHost | undefined): void => host?.onMessage({ kind: 'ready' });

test('a host that takes long to start is waited for by task after task, and no other is started beside it', async () => {
  for (const text of ['1', '2', '3']) {
    const task = run(text);
    task.abort();
    expect(await task.outcome).toMatchObject({ status: 'failed', error: 'Stepwright.WorkerShutdown' });
  }
  const last = run('4');
  ready(hosts[0]);
  expect(await last.outcome).toEqual({ status: 'succeeded', output: '4' });
  expect(hosts.map(({ texts }) => texts)).toEqual([['4']]);
});

test('a host that has started is taken before one that has not', async () => {
  const [slow, quick] = [run('1'), run('2')];
  ready(hosts[1]);
  expect(await quick.outcome).toMatchObject({ output: '2' });
  slow.abort();
  await slow.outcome;
  expect(await run('3').outcome).toMatchObject({ output: '3' });
  expect(hosts.map(({ texts }) => texts)).toEqual([[], ['2', '3']]);
});

test('a host that no task waits for any more and that fails to start is not kept', async () => {
  const first = run('1');
  first.abort();
  await first.outcome;
  hosts[0]?.onMessage({ kind: 'not-started', message: 'no' });
  await hosts[0]?.exited;
  const second = run('2');
  ready(hosts[1]);
  expect(await second.outcome).toMatchObject({ output: '2' });
  expect(hosts).toHaveLength(2);
});

test('a host that is not ready within a minute is ended, and its task fails with the reason', async () => {
  const { outcome } = run('1');
  await clock.advance(60_000);
  await hosts[0]?.exited;
  await clock.advance(30_000);
  expect(await outcome).toMatchObject({
    error: 'Stepwright.HandlerCrashed',
    cause: expect.stringContaining('it was not ready within 60 s'),
  });
});

test('closing a pool gives a host that is still starting 4 s as well', async () => {
  const task = run('1');
  task.abort();
  await task.outcome;
  const host = hosts[0] as FakeHost;
  host.send = () => {};
  let ended = false;
  void pool.close().then(() => (ended = true));
  await clock.advance(3_999);
  expect(ended).toBe(false);
  await clock.advance(1);
  await host.exited;
  expect(ended).toBe(true);
});

/** Has a host exit when it is given a task, before the handler is called or while it runs. */
function exitAtTask(host: FakeHost | undefined, begun: boolean): void {
  if (!host) throw new Error('it has not started');
  host.send = ({ kind }) => {
    if (kind !== 'task') return;
    if (begun) host.onMessage({ kind: 'begun' });
    host.kill();
  };
}

test('closing a pool waits for a host that is being replaced', async () => {
  pool = poolOf({ recycleAfter: 1 });
  const task = run('1');
  const [host] = hosts;
  let ends = (): void => {};
  if (host) {
    ends = host.kill;
    host.kill = () => {};
  }
  ready(host);
  await task.outcome;
  let isClosed = false;
  const closed = pool.close().then(() => (isClosed = true));
  await clock.advance(1_000);
  expect(isClosed).toBe(false);
  ends();
  await closed;
});

test('a task whose host exits before it has begun runs in another one; one that has begun has failed', async () => {
  const task = run('1');
  exitAtTask(hosts[0], false);
  ready(hosts[0]);
  await clock.settle(() => hosts.length === 2);
  ready(hosts[1]);
  expect(await task.outcome).toEqual({ status: 'succeeded', output: '1' });

  const begun = run('2');
  exitAtTask(hosts[1], true);
  expect(await begun.outcome).toMatchObject({
    error: 'Stepwright.HandlerCrashed',
    cause: expect.stringContaining('came to its end while it ran'),
  });
  expect(hosts).toHaveLength(2);
});

test('a task is given to three hosts at most that exit before it begins', async () => {
  const task = run('1');
  for (const at of [0, 1, 2]) {
    await clock.settle(() => hosts.length === at + 1);
    exitAtTask(hosts[at], false);
    ready(hosts[at]);
  }
  expect(await task.outcome).toMatchObject({
    error: 'Stepwright.HandlerCrashed',
    cause: expect.stringContaining('the handler was not called: 3 threads or processes exited'),
  });
  expect(hosts).toHaveLength(3);
});
