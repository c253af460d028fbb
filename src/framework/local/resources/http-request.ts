import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Headers with their names as they were sent. */
export type HttpHeaders = readonly (readonly [name: string, value: string])[];

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
  readonly body: string;
}

/** The most bytes of a response that are read. A Task takes much less. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Sends an HTTP request, and reads the response as text. There is no time limit but that of `signal`.
 * @throws Node's own error if there is no response
 */
export function sendRequest(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string | string[]>>,
  body: string | undefined,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // The connection isn't kept: an idle one would keep the process alive.
    const sent = send(url, { method, headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) response.destroy(new Error(`the response has more than ${MOST_BYTES} bytes`));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          headers: pairs(response.rawHeaders),
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const pairs = (raw: readonly string[]): HttpHeaders =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));

/** Returns the value of a header; undefined if there is none. */
export const headerIn = (headers: HttpHeaders, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
