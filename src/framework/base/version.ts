import { loadLibrary } from './load-library.js';

// The version of Node is checked here, and every door imports this file first: an older Node would fail later, with a
// message that doesn't say why.
const LEAST_NODE = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [leastMajor, leastMinor] = LEAST_NODE;
if (major < leastMajor || (major === leastMajor && minor < leastMinor))
  throw new Error(
    `stepwright needs Node ${LEAST_NODE.join('.')} or later, and this is Node ${process.versions.node}. Fix: install Node 22 or 24, which are still maintained: https://nodejs.org`,
  );

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
