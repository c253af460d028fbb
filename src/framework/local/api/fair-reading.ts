import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { turn } from '../../base/time/turn.js';

/** The milliseconds for which one turn of the event loop reads requests. */
const LONGEST_MS = 100;

/**
 * Stops reading from all connections once a turn of the event loop has lasted too long, and goes on in the next turn.
 * Node reads 64 KiB of each connection before it looks at the time, and these may hold ten thousand pieces of a body or
 * a thousand requests. So a hundred connections would keep all other clients waiting for seconds.
 */
export class FairReading {
  /** The open connections. Those come first that had no turn for the longest time. */
  readonly #sockets = new Set<Socket>();
  #stopped = false;

  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Is called for each request, and for some pieces of each body. */
  check({ socket }: IncomingMessage): void {
    if (this.#sockets.delete(socket)) this.#sockets.add(socket);
    if (this.#stopped || turn.busyMs() < LONGEST_MS) return;
    this.#stopped = true;
    for (const socket of this.#sockets) socket.pause();
    turn.after(() => {
      this.#stopped = false;
      for (const socket of this.#sockets) socket.resume();
    });
  }

  /** Reads nothing more from the connection of a request, which is to be closed. */
  end(request: IncomingMessage): void {
    this.#sockets.delete(request.socket);
    // A request that has room for more would make its connection read on.
    Object.assign(request, { _read: () => {} });
    request.socket.pause();
  }
}
