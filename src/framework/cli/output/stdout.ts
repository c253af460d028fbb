/** Writes to standard output. Resolves when all of it is written: the process may exit right after. */
export const write = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(text, () => resolve()));
