import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/framework/base/time/clock.js';
import type { HandlerStatus, WorkerStatus } from '../../src/framework/base/worker-status.js';
import { openControl } from '../../src/framework/cli/control-socket.js';
import { callPage } from '../../src/framework/cli/workers/ask-workers.js';
import { endpointOf, execute, killAll, type Run, stepwright } from '../support/cli.js';

let dir: string;
let path: string;
const servers: { close(): unknown }[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-control-'));
  path = join(dir, 'socket');
});
afterEach(async () => {
  killAll();
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true });
});

/** Only root can give a file away. */
const asRoot = process.getuid?.() === 0 ? describe : describe.skip;
const CONFIG = ['--config', 'test/fixtures/processes/processes.config.mjs'];
const NAME = 'Work.work';

async function started(...flags: string[]): Promise<{ run: Run; url: string }> {
  const run = stepwright(['start', ...CONFIG, '--control', path, ...flags]);
  const url = await endpointOf(run);
  await run.saw(/Waiting for a task/);
  return { run, url };
}

/** Runs the command, and returns what it printed. */
async function control(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const run = stepwright(['control', path, ...words]);
  const { code } = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

test('the command pauses, resumes and configures a handler of a worker', async () => {
  const { url, run } = await started();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await control()).toEqual({
    code: 0,
    err: '',
    out: `${NAME}: takes tasks, 0 of 5 slots at work, open polls: 1\n`,
  });
  expect((await control('pause', NAME)).out).toContain('paused (control)');
  expect((await control('configure', NAME, 'concurrency=3', 'rate=10/s')).out).toContain('0 of 3 slots');
  expect((await control('resume', NAME)).out).toContain('takes tasks');
  expect((await execute(url, 'Work', '{}').ended).code).toBe(0);
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
}, 30_000);

test('what a worker refuses is the command’s error', async () => {
  await started();
  expect(await control('pause', 'Work.wrok')).toMatchObject({
    code: 1,
    err: expect.stringContaining("there is no handler 'Work.wrok': did you mean 'Work.work'?"),
  });
  expect((await control('configure', NAME, 'concurrency=0')).err).toContain('got 0 (number)');
  expect((await control('configure', NAME, 'fast')).err).toContain('expected key=value');
}, 30_000);

const HANDLER = { name: NAME, concurrency: 5, running: 0, polls: { open: 1 } } as HandlerStatus;

/** Opens a socket of a worker. @returns what the worker is asked to do */
async function opened(): Promise<unknown[][]> {
  const asked: unknown[][] = [];
  const note =
    (verb: string) =>
    (...words: unknown[]): void =>
      void asked.push([verb, ...words]);
  const status = () => ({ handlers: [HANDLER] }) as unknown as WorkerStatus;
  const calls = { pause: note('pause'), resume: note('resume'), configure: note('configure'), status };
  servers.push(await openControl(path, calls));
  return asked;
}

test.each([
  ['GET', '/pause/Work.work', 'there is only POST'],
  ['POST', '/stop/Work.work', 'expected /status, /pause, /resume or /configure'],
  ['POST', '/pause/%', 'URI malformed'],
  ['POST', '/configure/Work.work/7', "expected key=value, such as concurrency=5, got '7'"],
])('%s %s is refused, and the next request is served', async (method, page, error) => {
  const asked = await opened();
  const call = (options: object) => callPage({ socketPath: path, ...options }, systemClock, 5_000);
  expect(await call({ method, path: page })).toMatchObject({ statusCode: 400, value: { error } });
  const next = { method: 'POST', path: '/configure/Work.work/rate=10%2Fs/concurrency=3' };
  expect(await call(next)).toMatchObject({ statusCode: 200, value: { handlers: [HANDLER] } });
  expect(asked).toEqual([['configure', NAME, { rate: '10/s', concurrency: 3 }]]);
});

/** A server at the path that gives each connection this answer. */
const serve = async (answer: string): Promise<void> => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(answer);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
};

describe('the command refuses', () => {
  test('a path without a socket, and a file', async () => {
    expect((await control()).err).toContain('there is no socket: start the worker with --control');
    writeFileSync(path, '');
    expect((await control()).err).toContain('that is no socket');
  });

  test('a stale socket', async () => {
    const { run } = await started();
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await control()).toMatchObject({
      code: 1,
      err: expect.stringContaining('no worker listens there: the one that did has ended'),
    });
  }, 30_000);

  test('what answers garbage, and what is no worker', async () => {
    await serve('<html>');
    expect((await control()).err).toContain('what answers there does not speak HTTP');
    for (const server of servers.splice(0)) server.close();
    await serve('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    expect((await control()).err).toContain('what answers there is no worker');
  });
});

/** Starts a worker that can't have its control socket, and returns why. */
const refused = async (): Promise<string> => {
  const run = stepwright(['start', ...CONFIG, '--control', path]);
  expect((await run.ended).code).toBe(1);
  return run.stderr();
};

describe('a worker does not start with a control socket', () => {
  test('where another worker listens, or a file lies', async () => {
    await started();
    expect(await refused()).toContain('another process listens there');
    path = join(dir, 'file');
    writeFileSync(path, 'precious');
    expect(await refused()).toContain('something that is not a socket exists there');
    expect(statSync(path).size).toBe(8);
    path = join(dir, 'nowhere', 'socket');
    expect(await refused()).toContain(`there is no folder ${join(dir, 'nowhere')}`);
  }, 30_000);

  test('at a path that the system would cut, so that the socket lay elsewhere', async () => {
    path = join(dir, 'x'.repeat(120));
    expect(await refused()).toMatch(
      /expected a path of 103 bytes at most, got \d+\n\s+Fix: name a shorter path/,
    );
    expect(readdirSync(dir)).toEqual([]);
  }, 30_000);

  test('at a link, wherever it leads', async () => {
    await opened();
    const real = path;
    for (const target of [real, join(dir, 'nothing')]) {
      path = join(dir, `link to ${target === real}`);
      symlinkSync(target, path);
      await expect(opened()).rejects.toThrow('something that is not a socket exists there');
    }
    expect((await control()).err).toContain('that is no socket');
  });
});

test('a stale socket of its own is replaced', async () => {
  const { run } = await started();
  run.child.kill('SIGKILL');
  await run.ended;
  expect(statSync(path).isSocket()).toBe(true);
  await started();
  expect((await control()).code).toBe(0);
}, 30_000);

asRoot("a socket of another user's", () => {
  test('is not asked', async () => {
    await serve('');
    chownSync(path, 12_345, 12_345);
    expect((await control()).err).toContain("the socket is user 12345's, and this is user 0");
  });

  test('is not replaced', async () => {
    await serve('');
    chmodSync(path, 0o777);
    chownSync(path, 12_345, 12_345);
    expect(await refused()).toContain('a socket of user 12345 exists there');
  }, 30_000);
});
