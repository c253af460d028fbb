/**
 * Writes a text to standard output. Resolves when all of the text is written, so that the process can exit without
 * losing any. Also resolves if the reader of a pipe has closed the pipe, as `head` does.
 * @throws Error if the text can't be written, for example because the disk is full
 */
export const write = (text: string): Promise<void> =>
  new Promise((resolve, reject) =>
    process.stdout.write(text, (error) =>
      !error || (error as NodeJS.ErrnoException).code === 'EPIPE' ? resolve() : reject(unwritten(error)),
    ),
  );

const unwritten = (cause: Error): Error =>
  new Error(
    `standard output: the text could not be written: ${cause.message}\nFix: free space there, or name another file behind >`,
    { cause },
  );
