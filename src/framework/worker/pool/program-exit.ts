/** How a child process has exited. */
export interface Exit {
  /** The exit code; null if a signal ended the process, or if it was never started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a program, or a thread or a process of a pool, has exited. */
export interface ProgramExit extends Exit {
  /** The last characters that the program, thread or process wrote to standard error. */
  readonly stderr: string;
}

/** Returns the known fields of an exit, as `data` for a failure's cause. */
export const exitData = ({ exitCode, signal, stderr }: ProgramExit): object => ({
  ...(exitCode !== null && { exitCode }),
  ...(signal !== null && { signal }),
  ...(stderr !== '' && { stderr }),
});
