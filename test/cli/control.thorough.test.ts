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
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askWorker } from '../../src/framework/cli/control.js';
import {
  type ControlAnswer,
  type ControlRequest,
  openControl,
} from '../../src/framework/cli/control-socket.js';
import { HandClock } from '../../src/framework/testing/index.js';
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

/** Sends text to the socket, and returns what comes back. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => (got += String(chunk)));
    socket.on('close', () => resolve(got));
    socket.on('error', reject);
  });

test('the command pauses, resumes and configures a handler of a worker', async () => {
  const { url, run } = await started();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await control()).toEqual({
    ...{ code: 0, err: '' },
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
  expect((await control('pause')).err).toContain('got the handler undefined');
}, 30_000);

describe('garbage on the socket', () => {
  /** A socket of a worker that does what it is asked. */
  const opened = async (clock: HandClock): Promise<ControlRequest[]> => {
    const asked: ControlRequest[] = [];
    const apply = async (request: ControlRequest): Promise<ControlAnswer> => {
      asked.push(request);
      return { handlers: [] };
    };
    const socket = await openControl(path, apply, clock);
    servers.push(socket);
    return asked;
  };

  test.each([
    ['no JSON', 'hello\n'],
    ['another request', '{"do":"stop","handler":"Work.work"}\n'],
    ['a list', '[1]\n'],
    ['options that are none', '{"do":"configure","handler":"Work.work","options":7}\n'],
    ['a line without an end', 'x'.repeat(70_000)],
  ])('%s is refused, and the next request is served', async (_, text) => {
    const clock = new HandClock();
    const asked = await opened(clock);
    expect(JSON.parse(await raw(text))).toEqual({
      error: expect.stringContaining('expected a line of JSON'),
    });
    await askWorker(path, 'pause', NAME, [], clock);
    expect(asked).toEqual([{ do: 'pause', handler: NAME }]);
  });

  test.each([
    ['goes on', (socket: Socket) => void socket.write('{"do":"pause","handler":"Work.work"}')],
    ['ends its side', (socket: Socket) => void socket.end('{"do":"pause","handler":"Work.work"}')],
    [
      'sends it in parts',
      (socket: Socket) => {
        socket.write('{"do":"pause",');
        socket.write('"handler":"Work.work"}');
      },
    ],
  ])('a request without a line feed is answered, where the client %s', async (_, send) => {
    const asked = await opened(new HandClock());
    const socket = connect({ path, allowHalfOpen: true });
    let said = '';
    socket.on('data', (chunk) => (said += String(chunk)));
    send(socket);
    await new Promise((resolve) => socket.once('end', resolve));
    socket.destroy();
    expect(JSON.parse(said)).toEqual({ handlers: [] });
    expect(asked).toEqual([{ do: 'pause', handler: NAME }]);
  });

  test('a crowd of connections is turned away with a reason, for as long as it lasts', async () => {
    const clock = new HandClock();
    await opened(clock);
    const crowd = Array.from({ length: 40 }, () => raw('').catch(() => ''));
    await clock.settle();
    await expect(askWorker(path, 'resume', NAME, [], clock)).rejects.toThrow('too many are open');
    await clock.advance(5_000);
    await Promise.all(crowd);
    expect(await askWorker(path, 'resume', NAME, [], clock)).toEqual([]);
  });

  test('one that says nothing is closed after 5 s, and keeps nobody else waiting', async () => {
    const clock = new HandClock();
    await opened(clock);
    const silent = Array.from({ length: 8 }, () => raw(''));
    await askWorker(path, 'resume', NAME, [], clock);
    await clock.advance(5_000);
    expect(await Promise.all(silent)).toEqual(Array.from({ length: 8 }, () => ''));
  });
});

/** A server at the path that does with each connection what it says. */
const serve = async (answer: string | undefined): Promise<void> => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (answer !== undefined) socket.end(answer);
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
      err: expect.stringContaining('no worker listens there'),
    });
  }, 30_000);

  test('what answers garbage, and what never answers', async () => {
    const clock = new HandClock();
    await serve('<html>');
    await expect(askWorker(path, 'status', undefined, [], clock)).rejects.toThrow(
      'what answers there is no worker',
    );
    for (const server of servers.splice(0)) server.close();
    await serve(undefined);
    const asked = askWorker(path, 'status', undefined, [], clock).catch(String);
    await clock.settle();
    await clock.advance(5_000);
    expect(await asked).toContain('no answer within 5 s');
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
    const open = (): Promise<unknown> => openControl(path, async () => ({ handlers: [] }));
    servers.push((await open()) as { close(): unknown });
    const real = path;
    for (const target of [real, join(dir, 'nothing')]) {
      path = join(dir, `link to ${target === real}`);
      symlinkSync(target, path);
      await expect(open()).rejects.toThrow('something that is not a socket exists there');
    }
    await expect(askWorker(path, 'status', undefined, [])).rejects.toThrow('that is no socket');
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
    await serve('{"handlers":[]}\n');
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
