/**
 * Writes a text to standard output. Resolves when all of the text is written, so that the process can exit without
 * losing any. Also resolves if the reader of a pipe has closed the pipe, as `head` does.
 * @throws Error if the text can't be written, for example because the disk is full
 */
export const write = async (text: string): Promise<void> => void (await writeIfRead(text));

/**
 * Writes a text as {@link write} does. Resolves with false if the reader of a pipe has closed the pipe, so that nothing
 * more needs to be written.
 */
export const writeIfRead = (text: string): Promise<boolean> =>
  new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => {
      if (!error) resolve(true);
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') resolve(false);
      else reject(unwritten(error));
    }),
  );

const unwritten = (cause: Error): Error =>
  new Error(
    `standard output: the text could not be written: ${cause.message}\nFix: free space there, or name another file behind >`,
    { cause },
  );

/**
 * Prints to stderr. Control characters are escaped: a state machine's data may contain some, and the terminal would
 * interpret them as commands.
 */
export const print = (text: string): void =>
  void process.stderr.write(`${text.replaceAll(CONTROLS, escaped)}\n`);
/** Matches all control characters except line feed and tab. */
const CONTROLS = /[^\P{Cc}\n\t]/gu;
const escaped = (control: string): string => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
