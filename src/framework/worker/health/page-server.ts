import { hostCheck, type NamedAddress } from './host-check.js';
import { limitConnections } from './port-connections.js';

/** An answer of the health port. Plain data, which can be sent to another thread. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** The age of what the page shows, in seconds. @default it is new */
  readonly ageSeconds?: number;
}

/** Makes the page of a path, which is given without its query. Never rejects. */
export type Answerer = (method: string, path: string) => Promise<Page>;

/** A port that serves pages. */
export interface PageServer {
  /** The port that is open; another than the configured one where that was 0. */
  readonly port: number;
  readonly close: () => void;
}

export const jsonPage = (status: number, body: object): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

/** The longest that a request may take to arrive, and that a connection without a request is kept. */
const REQUEST_MS = 5_000;
/** The longest that a connection may carry no data. */
const STILL_MS = 10_000;
/** The interval at which the server looks for requests that take too long. */
const CHECK_MS = 1_000;

/**
 * Serves pages at this address until the server is closed. It answers only to the names of the address, and holds few
 * connections, none of them for long, so that clients can't take what the rest of the process needs.
 * @throws Node's error, with its code, where the address can't be listened on
 */
export async function servePages(address: NamedAddress, answer: Answerer): Promise<PageServer> {
  const { host, port } = address;
  // Imported here: a bed loads this file, and needs no server.
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
    // Once it listens, errors of single connections are ignored: this promise is settled.
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
