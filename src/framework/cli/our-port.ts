import { get } from 'node:http';
import { systemClock } from '../clock.js';
import type { Problem } from '../errors.js';
import { SERVICE_HEADER } from '../local/wire/service-header.js';
import { command } from './banner.js';

/** Longer than a service on this machine takes to answer. */
const LOOK_MS = 1_000;

/** Whether the local service of a `start`, `local` or `dev` listens on a port of this machine. */
export function isOurs(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/' }, (response) => {
      response.resume();
      settle(response.headers[SERVICE_HEADER] !== undefined);
    });
    const cancel = systemClock.after(LOOK_MS, () => settle(false));
    const settle = (ours: boolean): void => {
      cancel();
      request.destroy();
      resolve(ours);
    };
    request.on('error', () => settle(false));
  });
}

/** What to do where the first worker still runs in another terminal. */
export const portIsOurs = (port: number): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another Stepwright (start, local or dev) serves its local Step Functions there',
  fix: `stop that one (Ctrl-C in its terminal); or let this worker use it: AWS_ENDPOINT_URL_SFN=http://127.0.0.1:${port} ${command('start')}; or choose another port: --port N`,
});
