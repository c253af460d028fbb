import type { buildConnector, Client } from 'undici';
import { loadLibrary } from '../../base/load-library.js';
import { CONNECTION_TIMEOUT_MS } from '../call.js';

// Only these two of undici's modules, a quarter of it: its index also loads fetch, WebSocket, caches and mocks, in each thread.
const connect = loadLibrary('undici/lib/core/connect.js') as typeof buildConnector;
const OneClient = loadLibrary('undici/lib/dispatcher/client.js') as typeof Client;

/**
 * The longest that an idle connection is kept: longer than the time between two heartbeats, and shorter than the time
 * after which network devices drop it in silence (AWS's NAT gateways: 350 s). A server's shorter limit wins.
 */
const KEEP_ALIVE_MS = 90_000;
/**
 * A connection is closed this much earlier than its server would close it, so that no request meets a closing
 * connection.
 */
const KEEP_ALIVE_MARGIN_MS = 1_000;
/**
 * The longest answer that is read. An input has 262,144 bytes at most, and JSON may write each byte as six: a longer
 * answer is not the service's.
 */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

/** A connection to one origin, which carries one call at a time. After a failure its next call connects anew. */
export type Connection = Pick<Client, 'dispatch' | 'on' | 'close' | 'destroy'>;

/** Makes a connection to an origin. It connects at its first call. */
export type OpenConnection = (origin: string) => Connection;

/**
 * Connections to one origin, for one kind of call. Each carries one call at a time, so that there are as many as there
 * are calls at once. The most recently used one is taken first, so that connections which are not needed expire.
 */
export class Connections {
  readonly #origin: string;
  readonly #openOne: OpenConnection;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(origin: string, open: OpenConnection) {
    this.#origin = origin;
    this.#openOne = open;
  }

  /** Takes an idle connection, or opens one. To be given back when its call has ended. */
  take(): Connection {
    return this.#idle.pop() ?? this.#open();
  }

  give(client: Connection): void {
    if (this.#all.has(client)) this.#idle.push(client);
  }

  /** Closes all connections, which also ends the open calls. */
  close(): void {
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    for (const client of all) void client.destroy();
  }

  #open(): Connection {
    const client = this.#openOne(this.#origin);
    this.#all.add(client);
    client.on('disconnect', () => this.#forgetIdle(client));
    client.on('connectionError', () => this.#forgetIdle(client));
    return client;
  }

  /** Forgets an idle connection that was lost, whichever side closed it. */
  #forgetIdle(client: Connection): void {
    const index = this.#idle.indexOf(client);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#all.delete(client);
    void client.close();
  }
}

/**
 * Returns a function that makes connections with shared TLS sessions: only the first one pays for a whole handshake.
 */
export function connector(): OpenConnection {
  const shared = connect({ timeout: CONNECTION_TIMEOUT_MS });
  return (origin) =>
    new OneClient(origin, {
      connect: shared,
      pipelining: 1,
      // Limits of whole calls are the worker's, on its clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    });
}
