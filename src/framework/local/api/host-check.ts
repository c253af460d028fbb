import type { IncomingMessage } from 'node:http';

/** The host names by which requests may address the service, and the web pages that may call it. */
export interface Names {
  /** The address that the service listens on. */
  readonly host: string;
  /** Returns the port that the service listens on. Must not be called before the service listens. */
  readonly port: () => number;
  /** More host names of the service: `NAME`, or `NAME:PORT` if clients reach the service through another port. */
  readonly allowHosts: readonly string[];
  /** The origins of other web pages that may call the service, such as `https://app.test`. */
  readonly allowOrigins: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const HTTP_PORT = 80;

/**
 * Returns a check that rejects API requests of foreign web pages.
 *
 * The request's Host must be a name of this service, which excludes a page whose own name was made to resolve to this
 * machine (DNS rebinding). Its port isn't checked, since a client may come through a tunnel. The request's Origin, if
 * there is one, must be the service's own, including the port, or one of `allowOrigins`.
 */
export function apiCheck(names: Names): (request: IncomingMessage) => boolean {
  const known = new Set(namesOf(names).map((each) => nameIn(each)));
  // For StartSyncExecution the SDK puts `sync-` before the host. The operation is not supported, but it is rejected
  // later with a better message.
  const isKnown = (name: string): boolean =>
    known.has(name) || (name.startsWith('sync-') && known.has(name.slice(5)));
  return ({ headers: { host, origin } }) =>
    host !== undefined &&
    isKnown(nameIn(host.toLowerCase())) &&
    (origin === undefined || isOwnPage(names, origin) || names.allowOrigins.includes(origin));
}

/**
 * Returns true if the Host is a name of this service with the service's port. The console's page must not be loaded
 * from any other origin.
 */
export function isOwnHost(names: Names, host: string | undefined): host is string {
  return host !== undefined && ownAuthorities(names).has(host.toLowerCase());
}

/** Returns true if the Origin is that of the service's own pages. */
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

/** Returns the names of the service in lower case. An IPv6 address is put into brackets. */
function namesOf({ host, allowHosts }: Names): string[] {
  const own = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return [...LOOPBACK, own, ...allowHosts].map((name) => name.toLowerCase());
}

const PORT = /:\d+$/;
const hasPort = (authority: string): boolean => PORT.test(authority);
const nameIn = (authority: string): string => authority.replace(PORT, '');
