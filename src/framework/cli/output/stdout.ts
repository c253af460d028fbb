/** Writes to standard output, and resolves when all of it has left: the process may end right after. */
export const write = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(text, () => resolve()));
