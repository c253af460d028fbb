/**
 * Returns the URL of the compiled module that a thread or a process starts with. If the caller itself runs from its
 * TypeScript source, as in a test, the URL points into `dist`.
 * @param path relative to the caller
 * @param caller the caller's `import.meta.url`
 */
export function entryUrl(path: string, caller: string): URL {
  const built = caller.endsWith('.ts')
    ? caller.replace(/^(.*)\/src(?=\/framework\/)/, '$1/dist/src')
    : caller;
  return new URL(path, built);
}
