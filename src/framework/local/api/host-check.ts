import type { IncomingMessage } from 'node:http';

/** What the service is called, and who else may call it. */
export interface Names {
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it listens on, once it does. */
  readonly port: () => number;
  /** Other names that it is called by: `NAME`, or `NAME:PORT` where the port is another than its own. */
  readonly allowHosts: readonly string[];
  /** Web pages from elsewhere that may call it: `https://app.test`. */
  readonly allowOrigins: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const HTTP_PORT = 80;

/**
 * Makes the check that keeps web pages away from the API: a request must be meant for a name of this service (its Host,
 * which a page on a rebound name gets wrong; any port, since a client may come through a tunnel), and where a page sends
 * it, that page must be the service's own, its port included, or one that was allowed.
 */
export function apiCheck(names: Names): (request: IncomingMessage) => boolean {
  const known = new Set(namesOf(names).map((each) => nameIn(each)));
  // The SDK puts `sync-` before the host of StartSyncExecution, which is then refused with a better reason.
  const isKnown = (name: string): boolean =>
    known.has(name) || (name.startsWith('sync-') && known.has(name.slice(5)));
  return ({ headers: { host, origin } }) =>
    host !== undefined &&
    isKnown(nameIn(host.toLowerCase())) &&
    (origin === undefined || isOwnPage(names, origin) || names.allowOrigins.includes(origin));
}

/** Whether a Host is one of this service's, its port included: what serves pages must be no other page's origin. */
export function isOwnHost(names: Names, host: string | undefined): host is string {
  return host !== undefined && ownAuthorities(names).has(host.toLowerCase());
}

/** Whether an Origin is that of the service's own pages. */
function isOwnPage(names: Names, origin: string): boolean {
  return origin.startsWith('http://') && ownAuthorities(names).has(origin.slice('http://'.length));
}

function ownAuthorities(names: Names): ReadonlySet<string> {
  const port = names.port();
  return new Set(
    namesOf(names).flatMap((name) => {
      if (hasPort(name)) return [name];
      return port === HTTP_PORT ? [name, `${name}:${port}`] : [`${name}:${port}`];
    }),
  );
}

/** In small letters, an IPv6 address in its brackets. */
function namesOf({ host, allowHosts }: Names): string[] {
  const own = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return [...LOOPBACK, own, ...allowHosts].map((name) => name.toLowerCase());
}

const PORT = /:\d+$/;
const hasPort = (authority: string): boolean => PORT.test(authority);
const nameIn = (authority: string): string => authority.replace(PORT, '');
