import { createServer, type Server } from 'node:http';
import { StartError } from '../errors.js';
import type { WorkerStatus } from '../worker/observe/status.js';
import { portInUse } from './seed.js';

/** What the probes are told of. */
export type Health = Pick<WorkerStatus, 'state' | 'ready' | 'reasons'>;

/**
 * Serves `/live` (200 while the process answers and the worker has not failed) and `/ready` (200, or 503 with the
 * reasons), on all interfaces: probes come from outside.
 */
export async function serveHealth(
  port: number,
  status: () => Health,
): Promise<{ port: number; close: () => void }> {
  const server = createServer((request, response) => {
    const { ready, reasons, state } = status();
    const answers: Record<string, { ok: boolean; body: object }> = {
      '/live': { ok: state !== 'failed', body: { state } },
      '/ready': { ok: ready, body: { state, ready, reasons } },
    };
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    response.writeHead(answer ? (answer.ok ? 200 : 503) : 404, { 'content-type': 'application/json' });
    response.end(
      `${JSON.stringify(answer?.body ?? { error: `there are ${Object.keys(answers).join(' and ')}` })}\n`,
    );
  });
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Once it listens nobody waits for this promise, and what goes wrong with one connection is not told.
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StartError([portInUse(port, '--health-port', 'healthPort')])
          : error,
      ),
    );
    server.listen(port, resolve);
  });
}
