import { OWN_ERROR, OwnError } from '../handler/outcome/own-errors.js';

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

/**
 * Thrown by `runCommand` if the program failed. If the handler doesn't catch it, the task fails with the error name
 * `Stepwright.CommandFailed`.
 */
export class CommandFailed extends OwnError implements ProgramExit {
  override readonly name = 'CommandFailed';
  readonly reported = OWN_ERROR.commandFailed;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;

  constructor(message: string, { exitCode, signal, stderr }: ProgramExit) {
    super(message);
    this.exitCode = exitCode;
    this.signal = signal;
    this.stderr = stderr;
  }

  get data(): object {
    return exitData(this);
  }
}
