import { OwnError, OWN_ERROR } from '../../handler/outcome/own-error.js';
import { exitData, type ProgramExit } from '../program-exit.js';

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
