import { loadLibrary } from './load-library.js';

let found: string | undefined;

/**
 * Returns the version of this package. Returns `unknown` if its package.json isn't there, as in an app that was bundled
 * into one file.
 */
export function packageVersion(): string {
  found ??= read();
  return found;
}

function read(): string {
  try {
    return (loadLibrary('stepwright/package.json') as { readonly version: string }).version;
  } catch {
    return 'unknown';
  }
}
