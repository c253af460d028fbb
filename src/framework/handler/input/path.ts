const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const KEY_LIMIT = 80;

/** Adds a key to a path: `a.b`, or `a["odd key"]`. */
export function keyPath(path: string, key: string): string {
  const shown = key.length > KEY_LIMIT ? `${key.slice(0, KEY_LIMIT)}…` : key;
  if (!IDENTIFIER.test(shown)) return `${path}[${JSON.stringify(shown)}]`;
  return path === '' ? shown : `${path}.${shown}`;
}

/** Adds an index to a path: `items[2]`. */
export function indexPath(path: string, index: number | string): string {
  return `${path}[${index}]`;
}
