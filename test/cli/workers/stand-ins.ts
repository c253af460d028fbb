import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';

const open = new Set<{ server: Server; sockets: Set<Socket> }>();

/** Starts a server on a port of this machine, or at another address. Resolves with its port. */
function listen(server: Server, host: string, port: number): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  open.add({ server, sockets });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

/** Starts what answers each request for `/status` with this text. */
export function answering(
  body: string | (() => string),
  { status = 200, host = '127.0.0.1', port = 0 } = {},
): Promise<number> {
  const server = createHttpServer((request, response) => {
    const isStatus = request.url === '/status';
    response.writeHead(isStatus ? status : 404, { 'content-type': 'application/json' });
    response.end(isStatus ? (typeof body === 'string' ? body : body()) : '');
  });
  return listen(server, host, port);
}

/** Starts what does with each connection as it is told. */
export const connecting = (use: (socket: Socket) => void): Promise<number> =>
  listen(createServer(use), '127.0.0.1', 0);

/** Ends all of them. */
export function closeStandIns(): void {
  for (const { server, sockets } of open) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
  open.clear();
}

/** A handler in the status of a worker. */
export const handler = (change: object = {}): object => ({
  name: 'Orders.charge',
  activityArn: 'arn:aws:states:eu-west-1:123456789012:activity:ChargeCard',
  concurrency: 8,
  used: 3,
  running: 2,
  undelivered: 0,
  polls: { open: 1, target: 1, state: 'open', heldInVain: false },
  queue: { emptyAt: Date.now() - 4_500, minuteAt: 0, begun: [] },
  ...change,
});

/** The status of a worker, as its health port shows it. */
export const statusOf = (name: string, change: object = {}): string =>
  JSON.stringify({
    name,
    version: '1.2.3',
    startedAt: Date.now() - 3 * 3_600_000 - 12 * 60_000 - 500,
    state: 'running',
    ready: true,
    reasons: [],
    handlers: [handler()],
    tasks: [],
    tasksInFlight: 0,
    counts: {},
    ...change,
  });
