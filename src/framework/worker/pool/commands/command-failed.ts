import { OwnError, OWN_ERROR } from '../../handler/outcome/own-error.js';
import { exitData, type ProgramExit } from '../program-exit.js';

/** The error for a program that failed. If a handler throws it, its task fails with `Stepwright.CommandFailed`. */
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
