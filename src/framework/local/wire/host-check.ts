import type { IncomingMessage } from 'node:http';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1'];

/**
 * Makes the check that keeps web pages out: a request must be meant for a name of this service (its Host, which a
 * page on a rebound name gets wrong), and where a page sends it, the page must come from such a name too.
 * @param names allowed beside those of loopback
 */
export function hostCheck(names: readonly string[]): (request: IncomingMessage) => boolean {
  const allowed = new Set([...LOOPBACK, ...names].map((name) => name.toLowerCase()));
  const isAllowed = (authority: string): boolean => {
    const name = authority.toLowerCase().replace(/:\d+$/, '');
    // The SDK puts `sync-` before the host of StartSyncExecution, which is then refused with a better reason.
    return allowed.has(name) || (name.startsWith('sync-') && allowed.has(name.slice(5)));
  };
  return ({ headers: { host, origin } }) => {
    if (host === undefined || !isAllowed(host)) return false;
    if (origin === undefined) return true;
    return /^https?:\/\//.test(origin) && isAllowed(origin.replace(/^https?:\/\//, ''));
  };
}
