import { OwnError, OWN_ERROR } from '../../handler/outcome/own-error.js';
import { endData, type ProgramEnd } from '../groups.js';

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
