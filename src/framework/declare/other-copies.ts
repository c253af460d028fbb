import { libraries } from '../base/package.js';

/** A copy of a package that this process has loaded in addition to the copy that Stepwright uses. */
export interface OtherCopy {
  readonly folder: string;
  /** The exports of the copy's module. */
  readonly exports: object;
}

const forward = (file: string): string => file.replaceAll('\\', '/');

/**
 * Returns the other copies of a CommonJS package that this process has loaded. A package of DTOs that has a dependency
 * of its own on class-transformer loads one, for example.
 * @param name the package
 * @param module the path in the package of the module that is returned, such as `cjs/storage.js`
 */
export function otherCopies(name: string, module: string): OtherCopy[] {
  const suffix = `/node_modules/${name}/${module}`;
  const ours = resolve(name, module);
  // A bundle has its own copy inside, which no path shows.
  if (ours === undefined) return [];
  return Object.entries(libraries.cache).flatMap(([file, loaded]) => {
    const path = forward(file);
    if (file === ours || !path.endsWith(suffix) || !loaded) return [];
    return [{ folder: path.slice(0, -module.length - 1), exports: loaded.exports as object }];
  });
}

/** Returns the folder of the copy that Stepwright uses. */
export const ourCopy = (name: string, module: string): string =>
  forward(resolve(name, module) ?? '').slice(0, -module.length - 1);

/** Returns the advice for a package of which two copies are installed. */
export const oneCopyFix = (name: string): string =>
  `make the versions agree (npm ls ${name} shows them) and run \`npm dedupe\`; a package of your own that needs ${name} lists it in "peerDependencies", not in "dependencies"; a linked package (\`npm link\`) keeps its own copies: use \`npm pack\` and install the tarball`;

function resolve(name: string, module: string): string | undefined {
  try {
    return libraries.resolve(`${name}/${module}`);
  } catch {
    return undefined;
  }
}
