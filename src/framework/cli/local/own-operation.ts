import { SERVICE_HEADER } from '../../base/local-protocol.js';
import { systemClock } from '../../base/time/clock.js';
import { type Endpoint, showEndpoint } from '../../aws/endpoint.js';
import { query } from '../../aws/queries/query.js';
import { explainCallError } from '../output/call-error.js';

/** An address at which the local service may listen. */
export type LocalAddress = Exclude<Endpoint, { readonly kind: 'aws' }>;

/**
 * Calls an operation that only the local service has.
 * @param target the operation, such as `START_FROM`
 * @throws Error with the service's message if it refuses; that says what to do if something else, or nothing, answers
 */
export async function callOwnOperation<T extends object>(
  endpoint: LocalAddress,
  target: string,
  body: object,
): Promise<T> {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
  const { response, text } = await post(endpoint, '', headers, body);
  if (!response.headers.has(SERVICE_HEADER))
    throw new Error(
      `${showEndpoint(endpoint)} is not the local service of Stepwright, which alone has this operation`,
    );
  if (response.ok) return JSON.parse(text) as T;
  const { message } = JSON.parse(text) as { message?: string };
  throw new Error(message ?? `${showEndpoint(endpoint)} answered ${text}`);
}

/**
 * Posts a JSON text.
 * @param signal ends the call. @default it ends by itself after 10 s
 * @throws Error that says what to do if nothing answers
 */
export async function post(
  endpoint: LocalAddress,
  path: string,
  headers: Readonly<Record<string, string>>,
  value: object,
  signal?: AbortSignal,
): Promise<{ response: Response; text: string }> {
  const body = JSON.stringify(value);
  const send = async (limit: AbortSignal): Promise<{ response: Response; text: string }> => {
    const response = await fetch(new URL(path, endpoint.url), {
      method: 'POST',
      headers,
      body,
      signal: limit,
    });
    return { response, text: await response.text() };
  };
  try {
    return await (signal ? send(signal) : query(systemClock, send));
  } catch (error) {
    throw explainCallError((error as Error).cause ?? error, endpoint);
  }
}
