import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Config } from 'stepwright';
import { holding } from '../../support/work.js';
import { createWorld, type World } from '../../support/world.js';

let world: World;
const sockets: Socket[] = [];
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await world.close();
});

/** Opens a worker's health port. @returns its port */
async function healthPort(config: Config): Promise<number> {
  const { log } = await world.worker({ activities: [holding().type], ...config });
  const [port] = log.flatMap(({ msg }) => /^Health: http:\S+:(\d+)\//.exec(String(msg))?.[1] ?? []);
  return Number(port);
}

/** Asks for the status by this name. @returns the answer's status and text */
function askAs(port: number, host: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: '/status', headers: { host } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve([response.statusCode, text]));
    });
    call.on('error', reject).end();
  });
}

const LOOPBACK = [
  'localhost',
  'localhost:1',
  'LOCALHOST.:8080',
  'app.localhost',
  '127.0.0.1:9',
  '[::1]:8080',
];
const ADDRESSES = ['10.1.2.3:8080', '[fd00::1]:8080'];
/** Names that Prometheus and others call a worker by where it listens for them. */
const INSIDE = [
  'worker-1:8080',
  'worker.jobs.svc',
  'worker.jobs.svc.cluster.local:8080',
  'ip-10-0-0-1.ec2.internal',
];
const OUTSIDE = [
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '::1',
];

test.each([
  { healthPort: 0, answered: LOOPBACK, refused: [...ADDRESSES, ...INSIDE, ...OUTSIDE] },
  { healthPort: '0.0.0.0:0', answered: [...LOOPBACK, ...ADDRESSES, ...INSIDE], refused: OUTSIDE },
])(
  'the health port at $healthPort answers no web page whose name was made to lead there',
  async ({ answered, refused, ...config }) => {
    const port = await healthPort(config);
    const statusOf = async (host: string): Promise<[string, unknown]> => [host, (await askAs(port, host))[0]];
    expect(await Promise.all(answered.map(statusOf))).toEqual(answered.map((host) => [host, 200]));
    expect(await Promise.all(refused.map(statusOf))).toEqual(refused.map((host) => [host, 403]));
    expect((await askAs(port, 'evil.example'))[1]).toMatch(
      /not called \\"evil\.example\\" here: .* --health-hosts or healthHosts/,
    );
  },
);

test('healthHosts names what the health port is called by beside that', async () => {
  const port = await healthPort({ healthPort: 0, healthHosts: ['Worker.example.com', '*.corp.example'] });
  const statuses = ['worker.example.com:80', 'a.b.corp.example', 'corp.example', 'example.com'].map((host) =>
    askAs(port, host).then(([status]) => status),
  );
  expect(await Promise.all(statuses)).toEqual([200, 200, 403, 403]);
});

test('the health port holds few connections: the oldest idle one makes room for the next', async () => {
  const port = await healthPort({ healthPort: 0 });
  const closed: Socket[] = [];
  for (let i = 0; i < 40; i++) {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.once('close', () => closed.push(socket));
    // What is half asked is idle.
    if (i === 0) socket.write('GET /status HTTP/1.1\r\n');
    socket.on('error', () => {}).resume();
    sockets.push(socket);
  }
  while (closed.length < 24) await new Promise((next) => setImmediate(next));
  expect(new Set(closed)).toEqual(new Set(sockets.slice(0, 24)));
  expect((await askAs(port, '127.0.0.1'))[0]).toBe(200);
});
