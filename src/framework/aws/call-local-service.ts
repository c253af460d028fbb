import type { Agent } from 'node:http';
import { SERVICE_HEADER } from '../base/local-service.js';
import { systemClock } from '../base/time/clock.js';

/** The most milliseconds to wait for a response from a service on this machine. */
const ANSWER_MS = 1_000;

/**
 * Sends a request to what may be a local service. Resolves with true if one has answered it, within a second. Resolves
 * with false if there is no answer, or if something else listens there. Never rejects.
 * @param target the operation, such as `END_POLLS`. @default none: the request changes nothing
 * @param agent keeps the connection for further requests. @default the connection is closed
 */
export function callLocalService(
  url: string,
  body: object,
  { target, agent = false }: { readonly target?: string; readonly agent?: Agent | false } = {},
): Promise<boolean> {
  // Loaded here, since a test bed and a worker at AWS load this file but send nothing.
  const { request } = process.getBuiltinModule('node:http');
  const headers = { ...(target !== undefined && { 'x-amz-target': target }) };
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      settle(response.headers[SERVICE_HEADER] !== undefined);
    });
    const cancel = systemClock.after(ANSWER_MS, () => {
      sent.destroy();
      settle(false);
    });
    const settle = (isOurs: boolean): void => {
      cancel();
      resolve(isOurs);
    };
    sent.on('error', () => settle(false));
    sent.end(JSON.stringify(body));
  });
}
