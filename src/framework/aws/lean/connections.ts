import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Client } from 'undici';
// Only these two modules of undici are loaded, a quarter of it. Its index would also load fetch, WebSocket, caches
// and mocks, once in each thread.
import connect from 'undici/lib/core/connect.js';
import OneClient from 'undici/lib/dispatcher/client.js';
import { CONNECTION_TIMEOUT_MS } from '../call.js';

/**
 * The milliseconds after which an idle connection is closed. That is longer than the time between two heartbeats, and
 * shorter than the time after which network devices silently drop a connection (AWS's NAT gateways: 350 s). If the
 * server announces a shorter time, that time is used.
 */
const KEEP_ALIVE_MS = 90_000;
/**
 * An idle connection is closed this many milliseconds before the server would close it, so that no request is sent on a
 * connection that the server is closing.
 */
const KEEP_ALIVE_MARGIN_MS = 1_000;
/**
 * The most bytes of a response that are read. A task's input has at most 262,144 bytes, each of which may take six
 * bytes in JSON, so a longer response isn't from Step Functions.
 */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

/** A connection to one origin. It carries one call at a time. After a failure it connects again for the next call. */
export type Connection = Pick<Client, 'dispatch' | 'on' | 'close' | 'destroy'>;

/** Makes a connection to an origin. It isn't established before its first call. */
export type OpenConnection = (origin: string) => Connection;

/**
 * A pool of connections to one origin, for one kind of call. Each connection carries one call at a time, so there are
 * as many connections as there are calls at the same time. The connection that was used last is used again first, so
 * that surplus connections stay idle and expire.
 */
export class Connections {
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #closed = false;

  constructor(
    private readonly origin: string,
    private readonly openOne: OpenConnection,
  ) {}

  /** Returns an idle connection, or a new one if none is idle. The caller gives it back when its call has ended. */
  take(): Connection {
    return this.#idle.pop() ?? this.#open();
  }

  give(client: Connection): void {
    if (!this.#closed) this.#idle.push(client);
  }

  /** Closes all connections. Calls in progress on them fail. */
  close(): void {
    this.#closed = true;
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    for (const client of all) void client.destroy();
  }

  #open(): Connection {
    const client = this.openOne(this.origin);
    this.#all.add(client);
    client.on('disconnect', () => this.#forgetIdle(client));
    client.on('connectionError', () => this.#forgetIdle(client));
    return client;
  }

  /** Removes an idle connection from the pool, because the server or this side has closed it. */
  #forgetIdle(client: Connection): void {
    const index = this.#idle.indexOf(client);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#all.delete(client);
    void client.close();
  }
}

/**
 * Returns a function that makes connections which share their TLS sessions: only the first connection needs a full
 * handshake.
 * @param secureContext the certificates that are trusted. @default those that Node trusts in this thread
 */
export function connector(secureContext?: SecureContext): OpenConnection {
  const shared = connect({ timeout: CONNECTION_TIMEOUT_MS, ...(secureContext && { secureContext }) });
  const clean: typeof shared = (options, onEnd) =>
    shared(options, (...[error, socket]) => {
      if (socket) dropContinues(socket);
      onEnd(...([error, socket] as Parameters<typeof onEnd>));
    });
  return (origin) =>
    new OneClient(origin, {
      connect: clean,
      pipelining: 1,
      // The worker limits the time of whole calls itself, on its own clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    });
}

/** Responses that only say that the request's body may be sent, which no request of ours asks. */
const CONTINUE = /^(?:HTTP\/1\.1 100 [^]*?\r\n\r\n)+/;

/**
 * Lets a socket's reader see no response `100 Continue`: a proxy may send one though nobody asked for it, and undici then
 * closes the connection. The response that follows may hold a task's token, which would be lost.
 */
function dropContinues(socket: Pick<Duplex, 'read'>): void {
  const read = socket.read.bind(socket);
  socket.read = (size) => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Buffer) || chunk.indexOf('HTTP/1.1 100 ') !== 0) return chunk;
    const rest = chunk.subarray(CONTINUE.exec(chunk.toString('latin1'))?.[0].length ?? 0);
    return rest.length === 0 ? (socket.read(size) as unknown) : rest;
  };
}
