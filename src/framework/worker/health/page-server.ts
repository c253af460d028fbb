import type { Address } from '../../config/address.js';

/** An answer to a request. Plain data, which can be sent to another thread. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Makes the page of a path, given without its query. Never rejects. */
export type Answerer = (method: string, path: string) => Promise<Page>;

/** A port that serves pages. */
export interface PageServer {
  /** The actual port, where 0 was asked for. */
  readonly port: number;
  readonly close: () => void;
}

export const jsonPage = (status: number, body: object): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

/**
 * Serves pages at this address until it is closed.
 * @throws Node's error, with its code, where it can't listen there
 */
export async function servePages({ host, port }: Address, answer: Answerer): Promise<PageServer> {
  // Imported here: a bed loads this file, and needs no server.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(({ method = 'GET', url = '/' }, response) => {
    void answer(method, url.replace(/\?.*$/, '')).then(({ status, type, body }) => {
      response.writeHead(status, {
        'content-type': type,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      // Node itself sends no body to a HEAD.
      response.end(body);
    });
  });
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
