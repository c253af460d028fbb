import { signal } from '@preact/signals';

/** The address of a view: the part of the URL after `#/`, split into path segments and a query. */
export interface Route {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
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

addEventListener('hashchange', () => {
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

/** Replaces the query in the URL without adding an entry to the browser's history. */
export function replaceQuery(query: Readonly<Record<string, string>>): void {
  history.replaceState(null, '', to(...route.value.parts, query));
  route.value = read();
}
