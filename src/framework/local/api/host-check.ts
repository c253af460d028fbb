import type { IncomingMessage } from 'node:http';

/** The host names that requests may contain in Host, and the origins that they may contain in Origin. */
export interface Names {
  /** The address that the service listens on. */
  readonly host: string;
  /** Returns the port that the service listens on. Must not be called before the service listens. */
  readonly port: () => number;
  /**
   * Further host names that are allowed in Host: `NAME`, or `NAME:PORT` if clients reach the service through another
   * port.
   */
  readonly allowHosts: readonly string[];
  /** The origins of other web pages that may send requests to the service, such as `https://app.test`. */
  readonly allowOrigins: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const HTTP_PORT = 80;

/**
 * Returns a function that returns false for an API request that a foreign web page may have caused: its Host isn't a
 * name of this service (DNS rebinding), or its Origin is neither the service's own nor one of `allowOrigins`. The
 * port in Host isn't checked, since a client may come through a tunnel.
 */
export function apiCheck(names: Names): (request: IncomingMessage) => boolean {
  const known = new Set(namesOf(names).map((each) => nameIn(each)));
  // For StartSyncExecution the SDK puts `sync-` before the host.
  const isKnown = (name: string): boolean =>
    known.has(name) || (name.startsWith('sync-') && known.has(name.slice(5)));
  return ({ headers: { host, origin } }) =>
    host !== undefined &&
    isKnown(nameIn(host.toLowerCase())) &&
    (origin === undefined || isOwnPage(names, origin) || names.allowOrigins.includes(origin));
}

/**
 * Returns true if the Host header is a name of this service together with its port. The console's page is served only
 * to such a request, so that it is never loaded from another origin.
 */
export function isOwnHost(names: Names, host: string | undefined): host is string {
  return host !== undefined && ownAuthorities(names).has(host.toLowerCase());
}

/** Returns true if the Origin header is one of this service's own pages. */
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

/** Returns the host names of the service in lower case. An IPv6 address gets brackets. */
function namesOf({ host, allowHosts }: Names): string[] {
  const own = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return [...LOOPBACK, own, ...allowHosts].map((name) => name.toLowerCase());
}

const PORT = /:\d+$/;
const hasPort = (authority: string): boolean => PORT.test(authority);
const nameIn = (authority: string): string => authority.replace(PORT, '');
