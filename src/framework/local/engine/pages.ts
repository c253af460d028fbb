import { errors } from './service-error.js';

/** The most items of a page. API reference of Step Functions. */
export const PAGE_LIMIT = 1_000;
const PAGE_DEFAULT = 100;

/** Zero stands for the default, as it does in the API. */
export function pageSize(maxResults: number | undefined): number {
  return maxResults === undefined || maxResults === 0 ? PAGE_DEFAULT : maxResults;
}

/** An opaque token that says where the next page begins. */
export function pageToken(place: string | number): string {
  return Buffer.from(`page ${place}`).toString('base64url');
}

/**
 * Where a page begins, or undefined for the first.
 * @throws ServiceError InvalidToken where the token is none of ours
 */
export function placeOf(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('page ') || text.length === 5) throw errors.invalidToken();
  return text.slice(5);
}

/**
 * The page of a sorted list that begins after the token's place. The place is a key and not a number, so that what goes
 * or comes meanwhile moves nothing.
 * @param keyOf what the list is sorted by, each key once
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  token: string | undefined,
  maxResults: number | undefined,
): { items: readonly T[]; nextToken?: string } {
  const after = placeOf(token);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, pageSize(maxResults));
  const last = page.at(-1);
  return {
    items: page,
    ...(last !== undefined && page.length < rest.length && { nextToken: pageToken(keyOf(last)) }),
  };
}
