import { Agent } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { makeCertificate } from '../support/certificate.js';
import { activity } from '../support/work.js';
import { ARN, useWorld } from '../support/world.js';

const world = useWorld();
let server: Server;
let agent: Agent;
afterEach(() => {
  agent.destroy();
  server.close();
});

test('the first task comes within 2 s after a certificate is trusted again, however long it was not', async () => {
  const [trusted, other] = [makeCertificate(), makeCertificate()];
  const { port } = new URL(world.service.url);
  server = createServer(other, (socket) => {
    const onward = connect(Number(port), '127.0.0.1');
    socket.pipe(onward).pipe(socket);
    for (const each of [socket, onward]) each.on('error', () => [socket, onward].map((end) => end.destroy()));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = new Agent({ keepAlive: true, ca: trusted.cert });
  const w = await world.worker(
    {
      endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      sdk: { requestHandler: { httpsAgent: agent } },
      calls: 'sdk',
      activities: [activity(() => 'done')],
    },
    { random: 0.99 },
  );
  const execution = await world.execute(world.machine(ARN));
  await world.clock.settle(() => w.of('poll:ended').length > 0);
  await world.clock.advance(40_000);
  expect(w.of('poll:failed')).toMatchObject([
    { trouble: 'unreachable', error: { message: expect.stringContaining('NODE_EXTRA_CA_CERTS') } },
  ]);
  server.setSecureContext(trusted);
  await world.clock.advance(2_000);
  await world.clock.settle(() => w.of('task:succeeded').length === 1);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED' });
});
