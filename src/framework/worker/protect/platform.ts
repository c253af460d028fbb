import { parseJson } from '../../base/json.js';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Abortable } from '../../base/abort.js';
import type { PlatformName } from '../../base/worker-status.js';

/**
 * A platform (ECS or Kubernetes) that can be asked not to remove this worker's container when it scales in. Each call
 * ends when its signal aborts.
 */
export interface Platform {
  readonly name: PlatformName;
  /**
   * The milliseconds after which protection expires unless it is renewed; undefined if it never expires. Then it is
   * released at the start, since an earlier process in the same container may have been killed while it was protected.
   */
  readonly lapsesMs: number | undefined;
  /**
   * Requests protection, or renews it.
   * @param since the time at which the oldest running task was received, in epoch milliseconds
   * @throws Refused if protection was certainly not granted, and Error if it isn't known whether it was granted. The
   * message says what to do.
   */
  readonly protect: (since: number, signal: Abortable) => Promise<void>;
  /**
   * Releases the protection.
   * @throws Refused if the protection was certainly not released, and Error if it isn't known whether it was released
   */
  readonly release: (signal: Abortable) => Promise<void>;
}

/** Thrown if the platform has refused a call, so that the call has certainly changed nothing. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** One HTTP request to an API of the platform (the ECS agent or the Kubernetes API server). */
interface HttpCall {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request's body, which is sent as JSON. @default no body */
  readonly body?: object;
  /**
   * The certificates of the authorities (CAs) that may have signed the server's certificate, in PEM format. @default
   * those of Node
   */
  readonly ca?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** The response's body, parsed as JSON; undefined if it isn't JSON. */
  readonly json: unknown;
}

/**
 * The largest response body, in bytes, that is read. It is enough for the metadata of a pod, which has at most 256 KiB
 * of annotations.
 */
const MOST_BYTES = 2 ** 20;

/**
 * Sends one HTTP request on a new connection, so it never waits for another request. The connection doesn't keep the
 * process alive.
 * @throws Error if the request fails, or if the response isn't complete when `signal` aborts
 */
export async function callHttp(call: HttpCall, signal: Abortable): Promise<HttpAnswer> {
  const { request } = await (call.url.protocol === 'https:' ? import('node:https') : import('node:http'));
  const body = call.body && JSON.stringify(call.body);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(explain(error, call.url));
    if (signal.aborted) return fail(signal.reason as Error);
    const asked = request(call.url, optionsOf(call, body));
    signal.addEventListener('abort', () => asked.destroy(signal.reason as Error), { once: true });
    asked.on('socket', (socket) => socket.unref());
    asked.on('error', fail);
    asked.on('response', (response) => {
      const answered = (text: string): void =>
        resolve({ status: response.statusCode ?? 0, json: parseJson(text) });
      read(asked, response).then(answered, fail);
    });
    asked.end(body);
  });
}

const optionsOf = ({ method, headers = {}, ca }: HttpCall, body: string | undefined): RequestOptions => ({
  method,
  // A kept connection would have to be watched.
  agent: false,
  headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
  ...(ca !== undefined && { ca }),
});

async function read(asked: ClientRequest, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) asked.destroy(new Error(`an answer of more than ${MOST_BYTES} bytes`));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function explain(error: Error, { origin }: URL): Error {
  return new Error(`${origin}: ${error.message || Reflect.get(error, 'code')}`, { cause: error });
}
