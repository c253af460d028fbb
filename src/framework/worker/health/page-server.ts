import type { Address } from '../../config/address.js';

/** What is answered to one request. It can be copied to another thread. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Makes the page of a path, which comes without its query. Never rejects. */
export type Answerer = (method: string, path: string) => Promise<Page>;

/** A port that pages are served on. */
export interface PageServer {
  /** The one that was given, where 0 was asked for. */
  readonly port: number;
  readonly close: () => void;
}

export const jsonPage = (status: number, body: object): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

/** Serves pages at this address until it is closed. @throws Node's error, with its code, where it can't listen there. */
export async function servePages({ host, port }: Address, answer: Answerer): Promise<PageServer> {
  // A bed loads this file, and no server.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(({ method = 'GET', url = '/' }, response) => {
    void answer(method, url.replace(/\?.*$/, '')).then(({ status, type, body }) => {
      response.writeHead(status, {
        'content-type': type,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      // To a HEAD Node itself sends no body.
      response.end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    // Once it listens nobody waits for this promise, and what goes wrong with one connection is not told.
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
