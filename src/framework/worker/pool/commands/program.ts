import { type ChildProcess, spawn } from 'node:child_process';
import { type Cancel, systemClock } from '../../../base/time/clock.js';
import { GroupLeader } from '../groups.js';
import { Tail } from '../host.js';
import type { ProgramEnd } from '../groups.js';
import { CommandFailed } from './command-failed.js';

export interface ProgramOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** What it reads from standard input; undefined: nothing. */
  readonly stdin: string | undefined;
  readonly memoryMb: number | undefined;
  readonly killAfterMs: number;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/** A running program, the leader of a process group. None of the group outlives it by more than `killAfter`. */
export class Program {
  /** Resolves when it has ended and what it wrote was read. Rejects with {@link CommandFailed} where it can't start. */
  readonly ended: Promise<ProgramEnd>;
  readonly #options: ProgramOptions;
  readonly #child: ChildProcess;
  readonly #leader: GroupLeader;
  readonly #stderr = new Tail();
  #kill: Cancel | undefined;

  /** @throws CommandFailed where the system does not even try to start it. */
  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#child = this.#spawn();
    this.#leader = new GroupLeader(this.#child);
    this.#listen();
    this.ended = this.#end();
  }

  /** SIGTERM to the whole group, and SIGKILL to what is left of it after `killAfter`. Once. */
  stop(): void {
    if (this.#kill) return;
    if (!this.#leader.signal('SIGTERM')) return this.#letGo();
    this.#kill = systemClock.after(this.#options.killAfterMs, () => {
      this.#leader.signal('SIGKILL');
      this.#leader.letGo();
    });
  }

  /** The group is empty. */
  #letGo(): void {
    this.#kill?.();
    this.#leader.letGo();
  }

  #spawn(): ChildProcess {
    const { cwd, env } = this.#options;
    const [file = '', ...args] = limited(this.#options);
    try {
      return spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    } catch (error) {
      throw this.#notStarted(error as Error);
    }
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    const { onOutput, stdin: text } = this.#options;
    stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      onOutput('stderr', chunk);
    });
    // It need not read what it is given, nor write what it could.
    for (const pipe of [stdin, stdout, stderr]) pipe?.on('error', () => {});
    stdin?.end(text ?? '');
  }

  async #end(): Promise<ProgramEnd> {
    const exit = await this.#leader.exit.catch((error: Error) => {
      throw this.#notStarted(error);
    });
    // Its group may live on, and hold the pipes.
    if (this.#leader.signal(0)) this.stop();
    else this.#letGo();
    await this.#leader.readPipes();
    return { ...exit, stderr: this.#stderr.text };
  }

  #notStarted({ message, code = '' }: NodeJS.ErrnoException): CommandFailed {
    const { file, cwd } = this.#options;
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

/** An argument or a variable is too long for the system, or has a character in it that ends it there. */
const NO_ARGUMENT = new Set(['E2BIG', 'ERR_INVALID_ARG_VALUE']);

/** A limit on memory is one on addresses, which a shell sets for itself and so for what it becomes. */
function limited({ file, args, memoryMb }: ProgramOptions): readonly string[] {
  if (memoryMb === undefined) return [file, ...args];
  const script = 'ulimit -v "$1" || exit 125; shift; exec "$@"';
  return ['/bin/sh', '-c', script, 'sh', String(memoryMb * 1024), file, ...args];
}
