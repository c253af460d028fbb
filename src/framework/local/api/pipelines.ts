import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FairReading } from './fair-reading.js';

/**
 * The most requests that a client may send on one connection before it has the answer of the first. No SDK sends a
 * second one. Each takes some KiB, and a packet may contain hundreds.
 */
const MOST = 32;

/** Counts the requests of each connection that have no answer yet. */
export class Pipelines {
  readonly #open = new WeakMap<Socket, number>();

  constructor(private readonly reading: FairReading) {}

  /** Returns false, and closes the connection, if it has too many requests without an answer. */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const open = (this.#open.get(socket) ?? 0) + 1;
    if (open > MOST) {
      this.reading.end(request);
      socket.destroy();
      return false;
    }
    // Each open request listens for the end of its connection.
    if (open === 1) socket.setMaxListeners(2 * MOST);
    this.#open.set(socket, open);
    response.on('close', () => this.#open.set(socket, (this.#open.get(socket) ?? 1) - 1));
    if (!response.socket) closeWith(socket, response);
    return true;
  }
}

/**
 * Closes a response with its connection. Node does so only for the response that has the socket, and not for those that
 * wait for an earlier one.
 */
function closeWith(socket: Socket, response: ServerResponse): void {
  const close = (): void => {
    if (!response.socket) response.emit('close');
  };
  socket.once('close', close);
  response.once('close', () => socket.off('close', close));
}
