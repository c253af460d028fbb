import { SERVICE_HEADER } from '../../base/local-protocol.js';
import { systemClock } from '../../base/time/clock.js';
import { type Endpoint, showEndpoint } from '../../aws/endpoint.js';
import { query } from '../../aws/queries/query.js';
import { explainCallError } from '../output/call-error.js';

/**
 * Calls an operation that only the local service has.
 * @param target the operation, such as `START_FROM`
 * @throws Error with the service's message if it refuses; that says what to do if something else, or nothing, answers
 */
export async function callOwnOperation<T extends object>(
  endpoint: Exclude<Endpoint, { readonly kind: 'aws' }>,
  target: string,
  body: object,
): Promise<T> {
  const { response, text } = await post(endpoint, target, JSON.stringify(body));
  if (!response.headers.has(SERVICE_HEADER))
    throw new Error(
      `${showEndpoint(endpoint)} is not the local service of Stepwright, which alone has this operation`,
    );
  if (response.ok) return JSON.parse(text) as T;
  const { message } = JSON.parse(text) as { message?: string };
  throw new Error(message ?? `${showEndpoint(endpoint)} answered ${text}`);
}

async function post(
  endpoint: Exclude<Endpoint, { readonly kind: 'aws' }>,
  target: string,
  body: string,
): Promise<{ response: Response; text: string }> {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
  try {
    return await query(systemClock, async (signal) => {
      const response = await fetch(endpoint.url, { method: 'POST', headers, body, signal });
      return { response, text: await response.text() };
    });
  } catch (error) {
    throw explainCallError((error as Error).cause ?? error, endpoint);
  }
}
