import type { ChildProcess } from 'node:child_process';
import { type Cancel, systemClock } from '../../../base/time/clock.js';
import { ProcessGroup } from '../process-group.js';
import { CommandFailed, type ProgramExit } from '../program-exit.js';
import { Tail } from '../host.js';

export interface ProgramOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The text that the program gets on standard input. @default none */
  readonly stdin: string | undefined;
  readonly memoryMb: number | undefined;
  readonly killAfterMs: number;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/**
 * A running program and its process group, to which the processes that it starts belong too. If some of these are still
 * running when the program ends, they are killed at most `killAfterMs` later.
 */
export class Program {
  /**
   * Resolves when the program has exited and its output was read. Rejects with {@link CommandFailed} if the program
   * can't be started.
   */
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #group: ProcessGroup;
  readonly #stderr = new Tail();
  #kill: Cancel | undefined;

  /** Starts the program. @throws CommandFailed if the system refuses to start it. */
  constructor(private readonly options: ProgramOptions) {
    this.#child = this.#spawn();
    this.#group = new ProcessGroup(this.#child);
    this.#listen();
    this.exited = this.#awaitExit();
  }

  /**
   * Sends SIGTERM to the program and all processes of its group. After `killAfterMs`, sends SIGKILL to those that are
   * left. A second call does nothing.
   */
  stop(): void {
    if (this.#kill) return;
    if (!this.#group.signal('SIGTERM')) return this.#forget();
    this.#kill = systemClock.after(this.options.killAfterMs, () => {
      this.#group.signal('SIGKILL');
      this.#group.forget();
    });
  }

  #forget(): void {
    this.#kill?.();
    this.#group.forget();
  }

  #spawn(): ChildProcess {
    // Loaded only here: it brings the network with it.
    const { spawn } = process.getBuiltinModule('node:child_process');
    const { cwd, env } = this.options;
    const [file = '', ...args] = commandLine(this.options);
    try {
      return spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    } catch (error) {
      throw this.#notStarted(error as Error);
    }
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    const { onOutput, stdin: text } = this.options;
    stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      onOutput('stderr', chunk);
    });
    // It isn't an error if the program closes a pipe early.
    for (const pipe of [stdin, stdout, stderr]) pipe?.on('error', () => {});
    stdin?.end(text ?? '');
  }

  async #awaitExit(): Promise<ProgramExit> {
    const exit = await this.#group.exit.catch((error: Error) => {
      throw this.#notStarted(error);
    });
    // Other processes of its group may still be running, and may keep the pipes open.
    if (this.#group.signal(0)) this.stop();
    else this.#forget();
    await this.#group.readPipes();
    return { ...exit, stderr: this.#stderr.text };
  }

  #notStarted({ message, code = '' }: NodeJS.ErrnoException): CommandFailed {
    const { file, cwd } = this.options;
    const where = cwd === undefined ? '' : ` in ${cwd}`;
    const hint = NO_ARGUMENT.has(code)
      ? "What no argument and no variable can hold goes in by inputAs: 'stdin' or 'file'."
      : 'Is it installed, on the PATH and executable, and is the directory there?';
    return new CommandFailed(`${file} could not be started${where}: ${message}. ${hint}`, {
      exitCode: null,
      signal: null,
      stderr: '',
    });
  }
}

/**
 * The codes of the errors that Node throws if a program's argument or environment variable is too long for the system,
 * or contains a NUL character.
 */
const NO_ARGUMENT = new Set(['E2BIG', 'ERR_INVALID_ARG_VALUE']);

/**
 * Returns the program and its arguments. If `memoryMb` is set, they are run by a shell that limits the program's
 * address space.
 */
function commandLine({ file, args, memoryMb }: ProgramOptions): readonly string[] {
  if (memoryMb === undefined) return [file, ...args];
  const script = 'ulimit -v "$1" || exit 125; shift; exec "$@"';
  return ['/bin/sh', '-c', script, 'sh', String(memoryMb * 1024), file, ...args];
}
