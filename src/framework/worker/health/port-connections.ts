import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The most connections that may be open at once. Probes, metrics scrapers and a few browsers need fewer. It is small
 * compared with the connections for polls and reports, so the health port doesn't use up the process's file
 * descriptors.
 */
const MOST = 16;

/**
 * Limits the number of a server's connections. If there are too many, the oldest connection without an open request is
 * closed for a new one. If all have an open request, the oldest of all is closed.
 */
export function limitConnections(server: Server): void {
  // In both sets, the oldest connection is first.
  const [idle, busy] = [new Set<Socket>(), new Set<Socket>()];
  server.on('connection', (socket) => {
    if (idle.size + busy.size >= MOST) for (const oldest of [...idle, ...busy].slice(0, 1)) close(oldest);
    idle.add(socket);
    socket.once('close', () => forget(socket));
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    busy.add(socket);
    response.once('close', () => {
      if (busy.delete(socket) && !socket.destroyed) idle.add(socket);
    });
  });
  const forget = (socket: Socket): void => void (idle.delete(socket) || busy.delete(socket));
  /** Closes a connection and frees its file descriptor at once. */
  const close = (socket: Socket): void => {
    forget(socket);
    socket.destroy();
  };
}
