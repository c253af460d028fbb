import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell program that keeps a list of processes, and of process groups as negative numbers, by the lines `+ 12`, `- 12`
 * and `wait 90`. When its input ends, because the process that started it has ended in whatever way, it waits for so many
 * seconds at most until none of them is left, and kills the others.
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
 * Kills processes and process groups that outlive this thread or process, in whatever way that ends. It is a process of
 * its own, so that it needs nothing of theirs: their event loops may be blocked. On Windows there is none.
 */
export class Reaper {
  readonly #targets = new Set<number>();
  #process: ChildProcess | undefined;
  #seconds = 0;

  /** The processes and groups that are left. */
  get targets(): Iterable<number> {
    return this.#targets;
  }

  get size(): number {
    return this.#targets.size;
  }

  /** @param target a process, or a process group as a negative number */
  add(target: number): void {
    this.#targets.add(target);
    if (process.platform === 'win32') return;
    if (this.#process) return this.#tell(`+ ${target}`);
    this.#process = this.#start();
    this.#tell(`wait ${this.#seconds}`);
    for (const each of this.#targets) this.#tell(`+ ${each}`);
  }

  /** Notes that a target has ended: its number may be another's from now on. */
  remove(target: number): void {
    if (this.#targets.delete(target)) this.#tell(`- ${target}`);
  }

  /** Lets the targets end by themselves for this long before they are killed. @default 0 */
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
