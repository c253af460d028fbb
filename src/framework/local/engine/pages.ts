import { errors } from './service-error.js';

/** The most items that one page of a list may have. API reference of Step Functions. */
export const PAGE_LIMIT = 1_000;
const PAGE_DEFAULT = 100;

/** The parameters of a request for one page of a list. */
export interface PageRequest {
  /** The operation and its parameters. A token of another list isn't taken. */
  readonly list: string;
  readonly maxResults: number | undefined;
  /** The `nextToken` of the previous page; undefined for the first page. */
  readonly token: string | undefined;
}

/** Returns the most items that the page may have. `maxResults: 0` means the default number, as in Step Functions. */
export function pageSize({ maxResults = 0 }: PageRequest): number {
  return maxResults === 0 ? PAGE_DEFAULT : maxResults;
}

/** Returns a `nextToken` for the page that comes after the item with this key. */
export function pageToken({ list }: PageRequest, key: string | number): string {
  return Buffer.from(`${list} ${key}`).toString('base64url');
}

/**
 * Returns the key in the token of a request; undefined for the first page.
 * @throws ServiceError InvalidToken if `pageToken` didn't make the token for this list
 */
export function pageKey({ list, token }: PageRequest): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  const key = text.startsWith(`${list} `) ? text.slice(list.length + 1) : '';
  if (key === '') throw errors.invalidToken();
  return key;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/**
 * Returns one page of a sorted list. Its `nextToken` contains the key of its last item, not a position, so that the
 * next page is right even if items are added or removed meanwhile.
 * @param keyOf returns the key by which the list is sorted. No two items may have the same key
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number,
  request: PageRequest,
): Page<T> {
  const after = pageKey(request);
  const isAfter = (key: string | number, last: string): boolean =>
    typeof key === 'number' ? key > Number(last) : key > last;
  const rest = after === undefined ? items : items.filter((item) => isAfter(keyOf(item), after));
  const page = rest.slice(0, pageSize(request));
  const last = page.at(-1);
  return {
    items: page,
    ...(last !== undefined && page.length < rest.length && { nextToken: pageToken(request, keyOf(last)) }),
  };
}

/** Returns a page as the response of an operation. @param name the member that has the items */
export function listOf<T>(name: string, { items, ...rest }: Page<T>, describe: (item: T) => object): object {
  return { [name]: items.map(describe), ...rest };
}
