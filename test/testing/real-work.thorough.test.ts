import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { pbkdf2, webcrypto } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { Agent, createServer, get, type Server } from 'node:http';
import {
  createConnection,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createGzip, gzip } from 'node:zlib';
import { transform } from '@swc/core';
import { inject } from 'tsyringe';
import { Activity, CLOCK, Handle, type Clock } from 'stepwright';
import { createTestBed, createTestMachine, matchers } from 'stepwright/testing';

expect.extend(matchers);

let work: () => Promise<unknown>;

@Activity('work')
class Work {
  constructor(@inject(CLOCK) private readonly clock: Clock) {}
  @Handle() async run(): Promise<string> {
    await work();
    return 'done';
  }
  /** As code with a limit of its own does. */
  @Handle({ activity: 'race' }) race(): Promise<string> {
    return Promise.race([work().then(() => 'done'), this.clock.sleep(30_000).then(() => 'too late')]);
  }
}

const arnOf = (name: string): string => `arn:aws:states:eu-west-1:123456789012:activity:${name}`;
const LIMITED = {
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: arnOf('work'), TimeoutSeconds: 60, End: true } },
};

let server: Server;
let port: number;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.write('begun');
    setTimeout(() => response.end('x'.repeat(100_000)), 20);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

const BYTES = Buffer.alloc(1_000_000, 'abc');
const httpGet = (): Promise<void> =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent }, (response) => response.resume().on('end', resolve)).on(
      'error',
      reject,
    );
  });

/** A client that asks twice, of a server that answers after a moment. */
async function udpRoundTrips(): Promise<void> {
  const echo = createSocket('udp4', (message, { port: from }) =>
    setTimeout(() => echo.send(message, from, '127.0.0.1'), 20),
  ).bind(0, '127.0.0.1');
  await once(echo, 'listening');
  const client = createSocket('udp4');
  for (const _ of [1, 2]) {
    client.send('hello', echo.address().port, '127.0.0.1');
    await once(client, 'message');
  }
  client.close();
  echo.close();
}

describe('time waits for', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a file', () => readFile('package-lock.json')],
    ['a hash', () => promisify(pbkdf2)('a', 'b', 20_000, 32, 'sha256')],
    ['the Web Crypto API', () => webcrypto.subtle.digest('SHA-256', BYTES)],
    ['compression', () => promisify(gzip)(BYTES)],
    [
      'a stream of compression',
      async () => {
        const stream = createGzip();
        stream.end(BYTES);
        for await (const _ of stream);
      },
    ],
    ['WebAssembly', () => compile(manyFunctions())],
    ['a DNS lookup', () => lookup('localhost')],
    ['fetch', async () => (await fetch(`http://127.0.0.1:${port}/`)).text()],
    ['an HTTP request', httpGet],
    [
      'a socket',
      async () => {
        const socket = createConnection(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
        for await (const _ of socket);
      },
    ],
    ['UDP', udpRoundTrips],
    ['native code', () => transform('const a: number = 1', { jsc: { parser: { syntax: 'typescript' } } })],
    [
      'immediates',
      async () => {
        for (let n = 0; n < 100; n++) await new Promise((resolve) => setImmediate(resolve));
      },
    ],
    ['a child process', () => promisify(execFile)(process.execPath, ['-e', '0'])],
    ['a worker thread', () => once(new Worker('setTimeout(() => {}, 10)', { eval: true }), 'exit')],
  ])('%s', async (_, real) => {
    work = real;
    for (let run = 0; run < 3; run++) {
      const machine = await createTestMachine(LIMITED, { activities: [Work] });
      expect(await machine.execute()).toMatchObject({ status: 'succeeded', output: 'done', tookMs: 0 });
      const bed = await createTestBed(Work);
      expect(await bed.run(undefined, { handler: 'Work.race' })).toHaveSucceededWith('done');
    }
  });
});

describe('a socket that has answered', () => {
  /** Asks a server that pauses within its answer. Returns what has come when the answer ends, or the limit is over. */
  async function ask(limit: (ms: number) => Promise<unknown>): Promise<string> {
    let answer = '';
    const socket = createConnection(pausing(), '127.0.0.1', () => socket.write('?'));
    socket.on('data', (chunk) => (answer += String(chunk)));
    await Promise.race([once(socket, 'end'), limit(5000)]);
    return answer;
  }
  let pauses: TcpServer;
  const pausing = (): number => (pauses.address() as AddressInfo).port;
  beforeAll(async () => {
    const sockets = (socket: Socket): void =>
      void socket.once('data', () => {
        socket.write('a');
        setTimeout(() => socket.end('b'), 300);
      });
    pauses = createTcpServer(sockets).listen(0, '127.0.0.1');
    await once(pauses, 'listening');
  });
  afterAll(() => void pauses.close());

  test('and pauses before the rest is waited for', async () => {
    const answers: string[] = [];
    work = async () => void answers.push(await ask(sleep));
    expect(await (await createTestBed(Work)).run(undefined, { handler: 'Work.run' })).toHaveSucceededWith(
      'done',
    );
    const machine = await createTestMachine(LIMITED, { activities: [Work] });
    expect(await machine.execute()).toMatchObject({ status: 'succeeded', tookMs: 0 });
    expect(answers).toEqual(['ab', 'ab']);
  });

  test('often, for less than the limit each time, may take longer than the limit in total', async () => {
    work = async () => {
      for (let n = 0; n < 4; n++) {
        await ask(sleep);
        await sleep(1000);
      }
    };
    const realTimeLimit = '1s';
    const bed = await createTestBed(Work, { realTimeLimit });
    expect(await bed.run(undefined, { handler: 'Work.run' })).toHaveSucceededWith('done');
    const machine = await createTestMachine(LIMITED, { activities: [Work], realTimeLimit });
    expect(await machine.execute()).toMatchObject({ status: 'succeeded', tookMs: 4000 });
  });

  test('and is kept open stops no clock for long', async () => {
    const silent = createTcpServer((socket) => void socket.on('data', () => socket.write('a')));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    let socket: Socket | undefined;
    work = async () => {
      socket = createConnection((silent.address() as AddressInfo).port, '127.0.0.1', () =>
        socket?.write('?'),
      );
      await once(socket, 'data');
      await sleep(50_000);
    };
    const machine = await createTestMachine(LIMITED, { activities: [Work], realTimeLimit: '400ms' });
    expect(await machine.execute()).toMatchObject({ status: 'succeeded', tookMs: 50_000 });
    socket?.destroy();
    silent.close();
  });

  test.each([
    ['an HTTP agent', httpGet],
    ['fetch', async () => (await fetch(`http://127.0.0.1:${port}/`)).text()],
  ])('and belongs to the idle pool of %s stops no clock', async (_, request) => {
    work = async () => {
      for (let n = 0; n < 3; n++) {
        await request();
        await sleep(10_000);
      }
    };
    const machine = await createTestMachine(LIMITED, { activities: [Work], realTimeLimit: '30s' });
    const began = performance.now();
    expect(await machine.execute()).toMatchObject({ status: 'succeeded', tookMs: 30_000 });
    expect(performance.now() - began).toBeLessThan(1500);
  });
});

test('what takes longer than the limit of real time is named, with the line that began it', async () => {
  const silent = createTcpServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  let socket: Socket | undefined;
  work = async () => {
    socket = createConnection((silent.address() as AddressInfo).port, '127.0.0.1');
    for await (const _ of socket);
  };
  const expected =
    /^Work\.(run|race) waits for a socket, begun at test\/testing\/real-work\.thorough\.test\.ts:\d+, for more than 0\.1 s of real time\nFix: mock what does that/;
  const bed = await createTestBed(Work, { realTimeLimit: '100ms' });
  await expect(bed.run(undefined, { handler: 'Work.race' })).rejects.toThrow(expected);
  socket?.destroy();
  const machine = await createTestMachine(LIMITED, { activities: [Work], realTimeLimit: '100ms' });
  await expect(machine.execute()).rejects.toThrow(expected);
  socket?.destroy();
  // A test watches a started task, and moves its time itself.
  await bed.start(undefined, { handler: 'Work.race' });
  await bed.clock.advance(1);
  socket?.destroy();
  await bed.close();
  silent.close();
});

test('slow work of one run ends no other run of the bed', async () => {
  const silent = createTcpServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const bed = await createTestBed(Work, { realTimeLimit: '200ms' });
  let socket: Socket | undefined;
  const works = [
    () => once((socket = createConnection((silent.address() as AddressInfo).port, '127.0.0.1')), 'data'),
    () => sleep(1000),
  ];
  work = () => works.shift()?.() ?? Promise.reject(new Error('a third run'));
  const slow = bed.run(undefined, { handler: 'Work.run' });
  const sound = bed.run(undefined, { handler: 'Work.run' });
  await expect(slow).rejects.toThrow('Work.run waits for a socket');
  expect(await sound).toHaveSucceededWith('done');
  socket?.destroy();
  silent.close();
});

test('slow work of one execution ends no other execution of the machine', async () => {
  const silent = createTcpServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const machine = await createTestMachine(LIMITED, { activities: [Work], realTimeLimit: '200ms' });
  let socket: Socket | undefined;
  work = async () => {
    work = () => sleep(1000);
    await once((socket = createConnection((silent.address() as AddressInfo).port, '127.0.0.1')), 'data');
  };
  const [slow, ...sound] = [1, 2, 3].map(() => machine.execute());
  await expect(slow).rejects.toThrow('Work.run waits for a socket');
  for (const each of sound) expect(await each).toHaveSucceededWith('done');
  expect(await machine.execute()).toHaveSucceededWith('done');
  socket?.destroy();
  silent.close();
});

test('the fake timers of Jest hide no real work, and a faked timer is none', async () => {
  jest.useFakeTimers();
  try {
    work = () => readFile('package-lock.json');
    const machine = await createTestMachine(LIMITED, { activities: [Work] });
    expect(await machine.execute()).toHaveSucceededWith('done');
    work = () => new Promise((resolve) => setTimeout(resolve, 60_000));
    expect(await machine.execute()).toHaveFailedWith('States.Timeout');
  } finally {
    jest.useRealTimers();
  }
});

/** The types of Node lack it. */
const compile = (bytes: Uint8Array): Promise<unknown> => {
  const { WebAssembly: own } = globalThis as unknown as Record<
    'WebAssembly',
    { compile(of: Uint8Array): Promise<unknown> }
  >;
  return own.compile(bytes);
};

/** A module that takes a moment to compile. */
function manyFunctions(): Uint8Array<ArrayBuffer> {
  const length = (size: number): number[] =>
    size < 128 ? [size] : [(size & 127) | 128, ...length(size >> 7)];
  const section = (id: number, bytes: readonly number[]): number[] => [id, ...length(bytes.length), ...bytes];
  const body = [0, ...Array.from({ length: 300 }, () => [0x41, 1, 0x1a]).flat(), 0x0b];
  const count = 300;
  const bodies = Array.from({ length: count }, () => [...length(body.length), ...body]).flat();
  return new Uint8Array([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [...length(count), ...Array<number>(count).fill(0)]),
    ...section(10, [...length(count), ...bodies]),
  ]);
}
