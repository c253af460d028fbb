import { errors } from './service-error.js';

/** The most items of a page. API reference of Step Functions. */
export const PAGE_LIMIT = 1_000;
const PAGE_DEFAULT = 100;

/** The page that a request asks for. */
export interface PageRequest {
  readonly maxResults: number | undefined;
  /** The token that the page before ended with; undefined for the first page. */
  readonly token: string | undefined;
}

/** Returns the most items that a page may have. `maxResults: 0` stands for the default, as it does in the API. */
export function pageSize({ maxResults = 0 }: PageRequest): number {
  return maxResults === 0 ? PAGE_DEFAULT : maxResults;
}

/** Returns an opaque token that holds the key from which the next page goes on. */
export function pageToken(key: string | number): string {
  return Buffer.from(`page ${key}`).toString('base64url');
}

/**
 * Returns the key in the token of a request; undefined for the first page.
 * @throws ServiceError InvalidToken where this service made no such token
 */
export function pageKey({ token }: PageRequest): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('page ') || text.length === 5) throw errors.invalidToken();
  return text.slice(5);
}

/**
 * Returns a page of a sorted list. The page's token holds the key of its last item instead of a position, so that items
 * that come or go meanwhile do not shift the next page.
 * @param keyOf returns the key that the list is sorted by; no two items have the same
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
