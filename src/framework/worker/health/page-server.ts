import { hostCheck, type NamedAddress } from './host-check.js';
import { limitConnections } from './port-connections.js';

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
  /** The port that the server listens on. If the configured port was 0, the system has chosen this one. */
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
 * Starts an HTTP server at this address. It responds only to requests whose Host header is a name of the address. The
 * number of connections and their duration are limited, so that clients can't use up resources that the rest of the
 * process needs.
 * @throws Node's error, with its code, if the server can't listen on the address
 */
export async function servePages(address: NamedAddress, answer: Answerer): Promise<PageServer> {
  const { host, port } = address;
  // Loaded here, since a test bed loads this file but needs no server.
  const { createServer } = process.getBuiltinModule('node:http');
  const limits = {
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
  };
  const isNamed = hostCheck(address);
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
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : port,
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
