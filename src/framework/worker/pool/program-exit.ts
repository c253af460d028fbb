/** The exit of a child process. */
export interface Exit {
  /** Null where a signal ended it, or it was never started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The exit of a program, or of a thread or a process of a pool. */
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
