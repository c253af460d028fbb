import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isHostIn, isLoopback } from '../../base/hosts.js';
import type { Address } from '../../config/address.js';

/** The HTTP response of the health port to a request. It is plain data, so that it can be sent to another thread. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** The age of the page's content, in seconds. @default the content is current */
  readonly ageSeconds?: number;
}

/** Makes the HTTP response to a request. The path is passed without its query. Never rejects. */
export type Answerer = (method: string, path: string) => Promise<Page>;

/** An HTTP server that is listening on one port. */
export interface PageServer {
  /**
   * The port that the server listens on. If the configured port was 0, the system has chosen this one. 0 if the server
   * listens on a Unix socket.
   */
  readonly port: number;
  readonly close: () => void;
}

export const jsonPage = (status: number, body: object): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

/**
 * The longest time that a request may take to arrive completely. A connection without a request is closed after this
 * time too.
 */
const REQUEST_MS = 5_000;
/** A connection is closed if no data was sent or received on it for this long. */
const STILL_MS = 10_000;
/** The interval at which the server checks if requests take too long. */
const CHECK_MS = 1_000;

/**
 * Starts an HTTP server at this address, or at a Unix socket with this path. It responds only to requests whose Host
 * header is a name of the address; at a socket, which no web page reaches, to all. The number of connections and their
 * duration are limited, so that clients can't use up resources that the rest of the process needs.
 * @throws Node's error, with its code, if the server can't listen on the address
 */
export async function servePages(
  address: NamedAddress | { readonly path: string },
  answer: Answerer,
): Promise<PageServer> {
  // Loaded here, since a test bed loads this file but needs no server.
  const { createServer } = process.getBuiltinModule('node:http');
  const limits = {
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
  };
  const isNamed = 'path' in address ? () => true : hostCheck(address);
  const server = createServer(limits, ({ method = 'GET', url = '/', headers }, response) => {
    const page = isNamed(headers.host) ? answer(method, url.replace(/\?.*$/, '')) : wrongHost(headers.host);
    void page.then(({ status, type, body, ageSeconds }) => {
      response.setHeader('content-type', type);
      if (ageSeconds !== undefined) response.setHeader('age', ageSeconds);
      response.writeHead(status, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      // Node itself sends no body to a HEAD.
      response.end(body);
    });
  });
  server.timeout = STILL_MS;
  limitConnections(server);
  await new Promise<void>((resolve, reject) => {
    // Once the server listens, this promise is settled, so errors of single connections are ignored.
    server.on('error', reject);
    server.listen(address, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const wrongHost = async (host = ''): Promise<Page> =>
  jsonPage(403, {
    error: `the health port is not called ${JSON.stringify(host)} here: ask it by its address, or allow the name with --health-hosts or healthHosts in the config`,
  });

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
function limitConnections(server: Server): void {
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

/**
 * The address of a health port, and the host names that requests may use for it in addition to those of the address.
 */
export interface NamedAddress extends Address {
  /** Each is a host name, or `*.DOMAIN` for every name below that domain. */
  readonly hosts: readonly string[];
}

/**
 * Domain suffixes that don't exist in public DNS. No public website can be served under them, so a Host header that
 * ends in one can't come from DNS rebinding.
 */
const PRIVATE = /\.(?:local|localhost|internal|svc)$/;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d*)?$/;

/**
 * Returns a function that returns true if a request's Host header is accepted. The check prevents DNS rebinding: a web
 * page could make its own domain name resolve to this machine, and the browser would then let the page read the port.
 * The port number in the header isn't checked, since a client may use a tunnel.
 * - If the port listens only on this machine, loopback names and addresses are accepted.
 * - Otherwise all IP addresses are accepted, since probes use them, and so are names that can't exist in public DNS:
 *   `worker`, `worker.monitoring.svc`, `ip-10-0-0-1.ec2.internal`.
 *
 * A request without a Host header is accepted, since no browser sends one.
 */
function hostCheck({ host: own, hosts }: NamedAddress): (host: string | undefined) => boolean {
  const { isIP } = process.getBuiltinModule('node:net');
  const named = [own, ...hosts];
  const onlyHere = isLoopback(own);
  return (host) => {
    if (host === undefined) return true;
    const [, ipv6, text = ''] = HOST.exec(host.toLowerCase()) ?? [];
    const name = ipv6 ?? text.replace(/\.$/, '');
    if (name === '') return false;
    if (isHostIn(named, name) || isLoopback(name)) return true;
    return !onlyHere && (isIP(name) !== 0 || !name.includes('.') || PRIVATE.test(name));
  };
}
