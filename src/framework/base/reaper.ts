import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell program that keeps a list of targets: processes, and process groups as negative numbers. It reads lines such
 * as `+ 12`, `- 12` and `wait 90`. When its input ends, because the process that started it has ended in whatever way,
 * it waits until no target is left, for the given seconds at most, and then kills those that are.
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
 * Kills processes and process groups that are left when this thread or process ends, in whatever way. A separate
 * process does the killing, since the event loop of this one may be blocked. On Windows nothing is killed.
 */
export class Reaper {
  readonly #targets = new Set<number>();
  #process: ChildProcess | undefined;
  #seconds = 0;

  /** The processes, and the process groups as negative numbers, that are to be killed at the end. */
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

  /** Removes a target that has ended: another process may have its number from now on. */
  remove(target: number): void {
    if (this.#targets.delete(target)) this.#tell(`- ${target}`);
  }

  /** Gives the targets this many milliseconds to end by themselves before they are killed. @default 0 */
  allow(ms: number): void {
    this.#seconds = Math.ceil(ms / 1000);
    this.#tell(`wait ${this.#seconds}`);
  }

  #tell(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }

  #start(): ChildProcess {
    const child = spawn('/bin/sh', ['-c', PROGRAM], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    // One that is lost, or can't be started without a shell, is started again with the next target.
    const lost = (): void => {
      if (this.#process === child) this.#process = undefined;
    };
    child.on('error', lost).on('exit', lost);
    child.stdin.on('error', () => {});
    child.unref();
    // Node's own type does not say that a pipe is a socket.
    (child.stdin as unknown as Socket).unref();
    return child;
  }
}
