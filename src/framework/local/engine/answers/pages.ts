import { errors } from './service-error.js';

/** The most items of a page. API reference of Step Functions. */
export const PAGE_LIMIT = 1_000;
const PAGE_DEFAULT = 100;

/** The page that a request asks for. */
export interface PageRequest {
  readonly maxResults: number | undefined;
  /** The token with which the previous page ended; undefined for the first page. */
  readonly token: string | undefined;
}

/** Returns the most items that a page may have. `maxResults: 0` means the default, as in the API. */
export function pageSize({ maxResults = 0 }: PageRequest): number {
  return maxResults === 0 ? PAGE_DEFAULT : maxResults;
}

/** Returns an opaque token that contains the key at which the next page begins. */
export function pageToken(key: string | number): string {
  return Buffer.from(`page ${key}`).toString('base64url');
}

/**
 * Returns the key in the token of a request; undefined for the first page.
 * @throws ServiceError InvalidToken if this service didn't make the token
 */
export function pageKey({ token }: PageRequest): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('page ') || text.length === 5) throw errors.invalidToken();
  return text.slice(5);
}

/**
 * Returns a page of a sorted list. The page's token contains the key of its last item, not a position. So items that
 * are added or removed in the meantime don't shift the next page.
 * @param keyOf returns the key by which the list is sorted. No two items may have the same key
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: PageRequest,
): { items: readonly T[]; nextToken?: string } {
  const after = pageKey(request);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, pageSize(request));
  const last = page.at(-1);
  return {
    items: page,
    ...(last !== undefined && page.length < rest.length && { nextToken: pageToken(keyOf(last)) }),
  };
}
