import type { Server, ServerResponse } from 'node:http';
import { type Address, showAddress } from '../../config/address.js';
import type { ThreadHeartbeats } from '../../heartbeat/thread/thread-heartbeats.js';
import { type Problem, StartError } from '../../errors.js';
import { type Answer, answer, type HealthSource } from './pages.js';

const { createServer } = process.getBuiltinModule('node:http');

/** A health port that is open. */
export interface Health {
  /** Where it is, with the port that was given where 0 was asked for. */
  readonly address: Address;
  close(): void;
}

/** Opens the health port and answers on it until it is closed. @throws StartError where it can't listen there. */
export async function serveHealth(address: Address, source: HealthSource): Promise<Health> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    answer(request.method ?? 'GET', path, source).then(
      (answered) => send(response, answered),
      () => response.destroy(),
    );
  });
  await listen(server, address);
  const bound = server.address();
  return {
    address: { ...address, port: typeof bound === 'object' && bound ? bound.port : address.port },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** As {@link serveHealth}, from a thread that knows more than this one where it is blocked. */
export async function serveFromThread(
  thread: ThreadHeartbeats,
  address: Address,
  source: HealthSource,
): Promise<Health> {
  try {
    const port = await thread.listen(address, (method, path) => answer(method, path, source));
    return { address: { ...address, port }, close: () => thread.hangUp() };
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address);
  }
}

/** To a HEAD Node itself sends no body. */
function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    // Once it listens nobody waits for this promise, and what goes wrong with one connection is not told.
    server.on('error', (error: NodeJS.ErrnoException) => reject(explain(error, address)));
    server.listen(address.port, address.host, resolve);
  });
}

const NOT_HERE = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EACCES']);

function explain(error: NodeJS.ErrnoException, address: Address): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError([portInUse(address.port, '--health-port', 'healthPort')]);
  if (error.code === undefined || !NOT_HERE.has(error.code)) return error;
  const problem: Problem = {
    code: 'CONFIG_BAD_VALUE',
    where: 'healthPort',
    what: `${showAddress(address)} can not be listened on: ${error.message}`,
    fix: "name an address of this machine, such as '0.0.0.0:8080', and a port that this user may open",
  };
  return new StartError([problem]);
}

export const portInUse = (port: number, flag: string, key: string): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another process listens on it already',
  fix: `choose another port: ${flag} ${port + 1}, or \`${key}: ${port + 1}\` in the config; or stop that process (\`lsof -i :${port}\` names it)`,
});
