import { OwnError, OWN_ERROR } from '../../handler/outcome/own-error.js';
import type { Exit } from '../groups.js';

/** How a program ended. */
export interface ProgramEnd extends Exit {
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}

/** A program did not do what it should. Where nobody catches it, `Stepwright.CommandFailed` is reported. */
export class CommandFailed extends OwnError implements ProgramEnd {
  override readonly name = 'CommandFailed';
  readonly reported = OWN_ERROR.commandFailed;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;

  constructor(message: string, { exitCode, signal, stderr }: ProgramEnd) {
    super(message);
    this.exitCode = exitCode;
    this.signal = signal;
    this.stderr = stderr;
  }

  get data(): object {
    return endData(this);
  }
}

/** What there is of an end, for a cause. */
export const endData = ({ exitCode, signal, stderr }: ProgramEnd): object => ({
  ...(exitCode !== null && { exitCode }),
  ...(signal !== null && { signal }),
  ...(stderr !== '' && { stderr }),
});
