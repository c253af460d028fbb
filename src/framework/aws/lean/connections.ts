import type { buildConnector, Client } from 'undici';
import { loadLibrary } from '../../base/load-library.js';

// Of undici's door these two are a quarter: it also loads fetch, WebSocket, caches and mocks, in each thread anew.
const connect = loadLibrary('undici/lib/core/connect.js') as typeof buildConnector;
const OneClient = loadLibrary('undici/lib/dispatcher/client.js') as typeof Client;

/** How long a connection may take to be made. Nothing was sent before that, so it is safe to try again. */
const CONNECTION_TIMEOUT_MS = 5_000;
/**
 * How long a connection is kept that nobody needs. Longer than between two heartbeats, and shorter than what network
 * devices between drop in silence (AWS's NAT gateways: 350 s). A server that says a shorter time is believed.
 */
const KEEP_ALIVE_MS = 90_000;
/** What a connection is given up before the server would do it, so that they do not cross on the way. */
const KEEP_ALIVE_MARGIN_MS = 1_000;
/** An input has 262,144 bytes at most, and JSON may write each as six. What is longer is none of the service, and not kept. */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Connections of one kind of call to one place. Each carries one call at a time; there are as many as there are calls
 * at once, and the one that was used last is used first, so that those which are not needed come to their end.
 */
export class Connections {
  readonly #origin: string;
  readonly #connect: buildConnector.connector;
  readonly #idle: Client[] = [];
  readonly #all = new Set<Client>();

  constructor(origin: string, connect: buildConnector.connector) {
    this.#origin = origin;
    this.#connect = connect;
  }

  /** One that is free, or a new one. To be given back when its call has ended. */
  take(): Client {
    return this.#idle.pop() ?? this.#open();
  }

  give(client: Client): void {
    if (this.#all.has(client)) this.#idle.push(client);
  }

  /** Ends all calls that are open, too. */
  close(): void {
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    for (const client of all) void client.destroy();
  }

  #open(): Client {
    const client = new OneClient(this.#origin, {
      connect: this.#connect,
      pipelining: 1,
      // Limits of whole calls are the worker's, on its clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    });
    this.#all.add(client);
    client.on('disconnect', () => this.#forgetIdle(client));
    client.on('connectionError', () => this.#forgetIdle(client));
    return client;
  }

  /** Whoever has closed it: without a connection it is not worth keeping. */
  #forgetIdle(client: Client): void {
    const index = this.#idle.indexOf(client);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#all.delete(client);
    void client.close();
  }
}

/** Makes connections that share their TLS sessions: only the first of them pays for a whole handshake. */
export const connector = (): buildConnector.connector => connect({ timeout: CONNECTION_TIMEOUT_MS });
