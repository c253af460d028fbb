/** How a child process exited. */
export interface Exit {
  /** Null where a signal ended it, or it was never started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a program, or a thread or a process of a pool, exited. */
export interface ProgramExit extends Exit {
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}

/** Returns the known fields of an exit, as data of a cause. */
export const exitData = ({ exitCode, signal, stderr }: ProgramExit): object => ({
  ...(exitCode !== null && { exitCode }),
  ...(signal !== null && { signal }),
  ...(stderr !== '' && { stderr }),
});
