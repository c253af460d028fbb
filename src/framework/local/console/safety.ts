import type { IncomingMessage } from 'node:http';
import { isOwnHost, type Names } from '../api/host-check.js';

/**
 * A header that is required in every request that changes something. A browser lets a page of another origin send it
 * only if the service allows that in a preflight request, and the service never does.
 */
const WRITE_HEADER = 'x-stepwright-console';

/** The response to a request that is rejected. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const refused = (reason: string, status = 403): Refusal => ({ status, reason });

/**
 * Returns the reason to reject a request that a foreign web page may have caused: its Host isn't this service with its
 * port (DNS rebinding), or another page has sent it. A link from any page to the console is allowed.
 * @returns undefined if the request is allowed
 */
export function refuseRequest({ headers, url = '/' }: IncomingMessage, names: Names): Refusal | undefined {
  const { host, origin, 'sec-fetch-site': site } = headers;
  if (!isOwnHost(names, host))
    return refused(
      'The console answers to its own names only, with their port: --allow-host NAME:PORT adds one',
    );
  if (origin !== undefined && !isOurPage(origin, host, names))
    return refused('The console answers its own page only: --allow-origin adds another');
  const isCall = url.startsWith('/console/api/') || url.startsWith('/mcp');
  if (isCall && origin === undefined && (site === 'cross-site' || site === 'same-site'))
    return refused('The console answers its own page only');
  return undefined;
}

/**
 * Returns the reason to reject a request that changes something, unless only a script of the console's own page can
 * have sent it.
 * @returns undefined if the request is allowed
 */
export function refuseWrite({ headers }: IncomingMessage, names: Names): Refusal | undefined {
  const { host, origin } = headers;
  if (!isOurPage(origin, host, names))
    return refused('A call that changes something must come from the console itself: it has no Origin');
  if (headers[WRITE_HEADER] === undefined)
    return refused(`A call that changes something needs the header ${WRITE_HEADER}`);
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return refused('A call that changes something is JSON: content-type application/json', 415);
  return undefined;
}

function isOurPage(origin: string | undefined, host: string | undefined, { allowOrigins }: Names): boolean {
  return origin !== undefined && (origin === `http://${host}` || allowOrigins.includes(origin));
}

/**
 * Returns response headers that isolate the page: it can't load anything from elsewhere, and no other page can embed or
 * read it.
 * @param nonce a random value that allows the inline styles of the page's editor. All other inline styles are blocked
 */
export function safetyHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "connect-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
