import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell program that kills targets after the process that started it has ended, however it ended. A target is a
 * process, or a process group as a negative number.
 *
 * The program reads lines: `+ 12` adds a target, `- 12` removes it, `wait 90` sets a time in seconds. Its input ends
 * when the process that started it ends. The program then waits for the targets to end, for the set time at most, and
 * kills those that are left.
 */
const PROGRAM = `trap '' INT TERM HUP QUIT
targets=' ' seconds=0
while read -r what value; do
  case $what in
    +) targets="$targets$value " ;;
    -) case $targets in *" $value "*) targets="\${targets%% $value *} \${targets#* $value }" ;; esac ;;
    wait) seconds=$value ;;
  esac
done
while [ "$seconds" -gt 0 ]; do
  left=' '
  for target in $targets; do kill -s 0 -- "$target" 2>/dev/null && left="$left$target "; done
  targets=$left
  [ "$targets" = ' ' ] && exit
  sleep 1
  seconds=$((seconds - 1))
done
for target in $targets; do kill -s KILL -- "$target" 2>/dev/null; done`;

/**
 * Kills the added processes and process groups that are still running when this thread or process ends, however it
 * ends. A separate shell process does the killing, since this process may have crashed or be blocked. On Windows
 * nothing is killed.
 */
export class Reaper {
  readonly #targets = new Set<number>();
  #process: ChildProcess | undefined;
  #seconds = 0;

  /**
   * The processes, and the process groups as negative numbers, that are killed if they are still running when this
   * thread or process ends.
   */
  get targets(): Iterable<number> {
    return this.#targets;
  }

  get size(): number {
    return this.#targets.size;
  }

  /** Adds a target. @param target a process, or a process group as a negative number */
  add(target: number): void {
    this.#targets.add(target);
    if (process.platform === 'win32') return;
    if (this.#process) return this.#tell(`+ ${target}`);
    this.#process = this.#start();
    this.#tell(`wait ${this.#seconds}`);
    for (const each of this.#targets) this.#tell(`+ ${each}`);
  }

  /** Removes a target that has ended: the system may give its number to another process from now on. */
  remove(target: number): void {
    if (this.#targets.delete(target)) this.#tell(`- ${target}`);
  }

  /**
   * Sets how many milliseconds the targets get to end by themselves, once this thread or process has ended, before they
   * are killed. @default 0
   */
  allow(ms: number): void {
    this.#seconds = Math.ceil(ms / 1000);
    this.#tell(`wait ${this.#seconds}`);
  }

  #tell(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }

  /** If the program can't be started, or ends, the next target starts it again. */
  #start(): ChildProcess | undefined {
    // Loaded only here: it brings the network with it.
    const { spawn } = process.getBuiltinModule('node:child_process');
    let child: ChildProcess;
    try {
      child = spawn('/bin/sh', ['-c', PROGRAM], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    } catch {
      // The system has no memory left for it.
      return undefined;
    }
    const lost = (): void => {
      if (this.#process === child) this.#process = undefined;
    };
    child.on('error', lost).on('exit', lost);
    child.unref();
    // Node's own type does not say that a pipe is a socket, nor that it is missing where descriptors have run out.
    const input = child.stdin as Socket | undefined;
    input?.on('error', () => {}).unref();
    return child;
  }
}
