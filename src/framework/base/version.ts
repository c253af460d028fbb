// The version of Node is checked here, and every door imports this file first: an older Node would fail later, with a
// message that doesn't say why.
const LEAST_NODE = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [leastMajor, leastMinor] = LEAST_NODE;
if (major < leastMajor || (major === leastMajor && minor < leastMinor))
  throw new Error(
    `stepwright needs Node ${LEAST_NODE.join('.')} or later, and this is Node ${process.versions.node}. Fix: install Node 22 or 24, which are still maintained: https://nodejs.org`,
  );

/** The version of this package, that of package.json. */
export const VERSION = '0.1.0';
