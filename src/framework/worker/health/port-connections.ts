import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The most open connections: more than probes, scrapes and a few browsers need, and few beside the files that polls and
 * reports take.
 */
const MOST = 16;

/**
 * Limits the connections of a server. The oldest one without a request makes room for a new one; where all have a
 * request, the oldest.
 */
export function limitConnections(server: Server): void {
  // Both in the order in which they came.
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
  /** Closes a connection and frees its file at once. */
  const close = (socket: Socket): void => {
    forget(socket);
    socket.destroy();
  };
}
