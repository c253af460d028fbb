import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The most open connections. Probes, scrapes and a few browsers need fewer, and compared with polls and reports they
 * use few file descriptors.
 */
const MOST = 16;

/**
 * Limits the number of a server's connections. If there are too many, a new one replaces the oldest connection that has
 * no open request or, if each has one, the oldest of all.
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
