import { signal } from '@preact/signals';
import { enterEntry } from './place.js';

/** The address of a view: the part of the URL after `#/`, split into path segments and a query. */
export interface Route {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

function read(hash = location.hash): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return { parts: path.split('/').filter(Boolean).map(plain), query: new URLSearchParams(query) };
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal(read());

addEventListener('hashchange', ({ oldURL }) => {
  enterEntry(new URL(oldURL).hash);
  route.value = read();
});

/** Returns the URL of a view, for a link: `to('executions', arn)`. */
export function to(...parts: (string | Readonly<Record<string, string>>)[]): string {
  const path = parts.filter((each) => typeof each === 'string').map(encodeURIComponent);
  const query = parts.find((each) => typeof each === 'object');
  const search = query ? new URLSearchParams(query).toString() : '';
  return `#/${path.join('/')}${search === '' ? '' : `?${search}`}`;
}

export function go(...parts: Parameters<typeof to>): void {
  location.hash = to(...parts);
}

/**
 * Changes fields of the query in the URL without adding an entry to the browser's history. A field that becomes
 * undefined or empty is removed.
 */
export function setQuery(change: Readonly<Record<string, string | undefined>>): void {
  const { parts, query } = route.peek();
  const next = { ...Object.fromEntries(query), ...change };
  const kept = Object.entries(next).filter((each): each is [string, string] => (each[1] ?? '') !== '');
  const hash = to(...parts, Object.fromEntries(kept));
  route.value = read(hash);
  try {
    history.replaceState(history.state, '', hash);
  } catch {
    // A browser refuses to change the URL often in a short time. The next change brings it up to date.
  }
}

/** Returns a field of the query in the URL; undefined if it is absent. */
export const queryField = (name: string): string | undefined => route.value.query.get(name) ?? undefined;
