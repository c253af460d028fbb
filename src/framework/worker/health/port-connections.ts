import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** More than probes, scrapes and a few browsers need; few beside what polls and reports take of a process's files. */
const MOST = 16;

/**
 * Limits the connections of a server: the oldest that asks nothing makes room for a new one, and where all of them ask,
 * the oldest.
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
  /** Frees the file at once. */
  const close = (socket: Socket): void => {
    forget(socket);
    socket.destroy();
  };
}
