/**
 * Writes a text to standard output. Resolves when all of the text is written, so that the process can exit without
 * losing any.
 */
export const write = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(text, () => resolve()));
