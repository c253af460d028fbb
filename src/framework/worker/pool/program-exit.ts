/** The exit of a child process. */
export interface Exit {
  /** The exit code; null where a signal ended the process, or it was never started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The exit of a program, or of a thread or a process of a pool. */
export interface ProgramExit extends Exit {
  /** The last characters that were written to standard error. */
  readonly stderr: string;
}

/** Returns the fields of an exit that are known, as data of a failure's cause. */
export const exitData = ({ exitCode, signal, stderr }: ProgramExit): object => ({
  ...(exitCode !== null && { exitCode }),
  ...(signal !== null && { signal }),
  ...(stderr !== '' && { stderr }),
});
