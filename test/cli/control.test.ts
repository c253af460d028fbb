import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { HandClock } from 'stepwright/testing';
import { control } from '../../src/framework/cli/control.js';
import { openControl } from '../../src/framework/cli/control-socket.js';

let dir: string;
let path: string;
let server: Server | undefined;
const sockets: Socket[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-control-'));
  path = join(dir, 'socket');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await close();
  server = undefined;
  rmSync(dir, { recursive: true });
});

/** Starts what does with each connection as it is told, at a socket with this path. */
function listen(at: string, use: (socket: Socket) => void): Promise<void> {
  const made = createServer((socket) => {
    sockets.push(socket);
    use(socket);
  });
  server = made;
  return new Promise((resolve) => made.listen(at, resolve));
}

const close = async (): Promise<void> => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
};

test('a worker that gives no answer within 5 s may still do what it was asked', async () => {
  await listen(path, () => {});
  const clock = new HandClock();
  const said: string[] = [];
  const asked = [
    control(path, 'pause', ['Work.work'], clock).catch(({ message }: Error) => said.push(message)),
    control(path, 'status', [], clock).catch(({ message }: Error) => said.push(message)),
  ];
  await clock.advance(4_999);
  expect(said).toEqual([]);
  await clock.advance(1);
  await Promise.all(asked);
  expect(said.toSorted()).toEqual([
    `${path}: no answer within 5 s`,
    `${path}: no answer within 5 s: the worker may still do it, so look with: stepwright control PATH`,
  ]);
});

test('the socket of a worker that has ended says so', async () => {
  await listen(join(dir, 'before'), () => {});
  // A server removes only the path at which it began.
  renameSync(join(dir, 'before'), path);
  await close();
  await expect(control(path, 'status', [])).rejects.toThrow(
    `${path}: no worker listens there: the one that did has ended. Start the worker again with --control`,
  );
});

test('a connection that the worker closes says why', async () => {
  await listen(path, (socket) => socket.destroy());
  await expect(control(path, 'status', [])).rejects.toThrow(
    `${path}: the worker closed the connection, since too many are open or it has just ended: ask again`,
  );
});

test.each(['pause', 'resume', 'configure'] as const)(
  '%s without a handler says how it is used',
  async (verb) => {
    await listen(path, () => {});
    await expect(control(path, verb, [])).rejects.toThrow(
      `${verb} needs a handler: stepwright control PATH ${verb} Class.method`,
    );
    expect(sockets).toEqual([]);
  },
);

/** A folder in which even root can make no socket. */
const inProc = existsSync('/proc/self') ? describe : describe.skip;

inProc('a socket that can not be made', () => {
  test('sets the umask of the process back at once, and later leaves it alone', async () => {
    const before = process.umask();
    const umask = jest.spyOn(process, 'umask');
    const opening = openControl('/proc/stepwright', {} as Parameters<typeof openControl>[1]);
    await expect(opening).rejects.toThrow('--control /proc/stepwright: listen E');
    const { calls } = umask.mock;
    umask.mockRestore();
    expect(calls).toEqual([[0o177], [before]]);
  });
});
