import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ChildOutput } from '../../../base/log/child-output.js';
import type { Logger } from '../../../base/log/log.js';
import { outputIsFull, standardOutput } from '../../../base/log/log-output.js';
import { entryUrl } from '../../../base/package.js';
import { Reaper } from '../../../base/reaper.js';
import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { OwnFunction } from './function-setup.js';
import { failed, fileOf, type FunctionSetup, type Invocation, type InvocationResult } from './invocation.js';

const ENTRY = entryUrl('local/resources/functions/process-entry.js');

/** The most processes of one function. Further invocations wait for one of them. */
const MOST_PROCESSES = 10;

/** The milliseconds after which a process ends that runs nothing. */
const IDLE_MS = 60_000;

/** The milliseconds between two looks at the memory of a running function. */
const WATCH_MS = 100;
/** The megabytes that a process may have beside the memory of its function, for Node itself. */
const NODE_MB = 64;

/** Kills the functions that still run when this process ends, however it ends: one that never pauses doesn't notice. */
const reaper = new Reaper();

/** Returns the time of the last change of a module; undefined if there is no file. */
function changedAt(module: string): number | undefined {
  const file = fileOf(module);
  return file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

const isResult = (message: Partial<InvocationResult>): message is InvocationResult =>
  typeof message.payload === 'string' && typeof message.isError === 'boolean';

/** V8 ends a process by this signal if its heap is full, and the operating system by the other one. */
const OUT_OF_MEMORY: readonly unknown[] = ['SIGABRT', 'SIGKILL'];

/** Windows has no process groups. */
const HAS_GROUPS = process.platform !== 'win32';

/**
 * A process in which a function runs, one invocation at a time. A thread would do less: if its memory is full, V8 may
 * end the whole service. The processes that the function starts end with it.
 */
class FunctionProcess {
  /** True while it runs an invocation. */
  isBusy = false;
  /** True if it takes no further invocation. */
  isOver = false;
  readonly #changedAt: number | undefined;
  readonly #setup: FunctionSetup;
  readonly #child: ChildProcess;
  #requestId: string | undefined;
  #resolve: ((result: InvocationResult) => void) | undefined;
  #cancel: Cancel = () => {};

  constructor(
    { env, ...setup }: OwnFunction,
    private readonly clock: Clock,
    private readonly log: Logger | undefined,
  ) {
    this.#changedAt = changedAt(setup.module);
    this.#setup = setup;
    this.#child = fork(fileURLToPath(ENTRY), [JSON.stringify(setup)], {
      env,
      execArgv: [`--max-old-space-size=${setup.memoryMb}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: HAS_GROUPS,
    });
    this.#child.on('error', ({ name, message }) => this.#settle(failed(name, message)));
    this.#register();
    const output = new ChildOutput(this.#child, undefined, {
      write: (text) => this.#write(text),
      whenDrained: (fn) => standardOutput().whenDrained(fn),
    });
    this.#child.on('message', (message) => {
      const result = message as Partial<InvocationResult>;
      // The function may send messages of its own.
      if (isResult(result)) this.#settle(result, result.isLast === true);
    });
    // A last message may be read after the exit.
    const closed = new Promise((resolve) => this.#child.once('disconnect', resolve));
    this.#child.on('exit', (code, signal) => {
      void output.readRest();
      void closed.then(() => this.#exited(code, signal));
    });
  }

  /** True if it can run an invocation now. One that has loaded an older file can't. */
  get isFree(): boolean {
    return !this.isBusy && !this.isOver && this.#changedAt === changedAt(this.#setup.module);
  }

  /** Never rejects: an error of the function is a result. */
  run(invocation: Invocation): Promise<InvocationResult> {
    this.#cancel();
    this.isBusy = true;
    this.#requestId = invocation.requestId;
    const stopTimer = this.clock.after(this.#setup.timeoutMs, () => this.#timeOut(invocation));
    const stopWatch = this.clock.every(WATCH_MS, () => this.#checkMemory());
    this.#cancel = () => [stopTimer, stopWatch].forEach((stop) => stop());
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#child.send(invocation);
    });
  }

  end(): void {
    this.isOver = true;
    this.#cancel();
    this.#child.kill('SIGKILL');
  }

  /** Has the process group killed when this process, or the function's own, ends. */
  #register(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    const target = HAS_GROUPS ? -pid : pid;
    reaper.add(target);
    this.#child.once('exit', () => {
      reaper.remove(target);
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // Nothing is left of it.
      }
    });
  }

  /** Logs what the function has written. @returns false while it is to be held back */
  #write(text: string): boolean {
    const about = { function: this.#setup.name, requestId: this.#requestId };
    for (const line of text.split(/\r?\n/).filter((each) => each !== ''))
      if (this.log) this.log.info(about, line);
      else standardOutput().write(`${line}\n`);
    return !outputIsFull();
  }

  /** Kills a process that takes too much memory, where the system tells it: V8's limit is that of its heap alone. */
  #checkMemory(): void {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      const [, kilobytes] = /^RssAnon:\s+(\d+)/m.exec(status) ?? [];
      if (Number(kilobytes) / 1024 > this.#setup.memoryMb + NODE_MB) this.#child.kill('SIGKILL');
    } catch {
      // Only Linux has this file.
    }
  }

  #timeOut({ requestId }: Invocation): void {
    const seconds = (this.#setup.timeoutMs / 1000).toFixed(2);
    const at = new Date(this.clock.date()).toISOString();
    this.#settle(failed(undefined, `${at} ${requestId} Task timed out after ${seconds} seconds`));
    this.end();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const exited = `RequestId: ${this.#requestId} Error: Runtime exited`;
    if (OUT_OF_MEMORY.includes(signal))
      return this.#settle(failed(undefined, `${exited} with error: signal: killed`));
    const status = signal === null ? `exit status ${code}` : `signal: ${signal}`;
    const how = code === 0 ? 'without providing a reason' : `with error: ${status}`;
    this.#settle(failed('Runtime.ExitError', `${exited} ${how}`));
  }

  #settle(result: InvocationResult, isOver = true): void {
    this.isBusy = false;
    this.isOver ||= isOver;
    this.#cancel();
    if (!this.isOver) this.#cancel = this.clock.after(IDLE_MS, () => this.end());
    this.#resolve?.(result);
  }
}

/** Runs one function in processes, each of which loads its module once. */
export class FunctionProcesses {
  readonly #processes = new Set<FunctionProcess>();
  readonly #waiting: (() => void)[] = [];
  #isRetired = false;

  constructor(
    private readonly setup: OwnFunction,
    private readonly clock: Clock,
    private readonly log: Logger | undefined,
  ) {}

  /** Never rejects: an error of the function is a result. */
  async invoke(invocation: Invocation): Promise<InvocationResult> {
    while (this.busy >= MOST_PROCESSES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      let free = [...this.#processes].find(({ isFree }) => isFree);
      if (!free) {
        // Those that are idle have loaded an older file.
        this.#endIdle();
        free = new FunctionProcess(this.setup, this.clock, this.log);
        this.#processes.add(free);
      }
      return await free.run(invocation);
    } catch (error) {
      // The system refuses the process, such as for the size of its environment.
      const { name, message } = error as Error;
      return failed(name, message);
    } finally {
      if (this.#isRetired) this.retire();
      for (const each of this.#processes) if (each.isOver) this.#processes.delete(each);
      this.#waiting.shift()?.();
    }
  }

  /** The number of processes that run an invocation. */
  get busy(): number {
    return [...this.#processes].filter(({ isBusy }) => isBusy).length;
  }

  /** Ends each process when it has nothing to do. */
  retire(): void {
    this.#isRetired = true;
    this.#endIdle();
  }

  #endIdle(): void {
    for (const each of this.#processes) if (!each.isBusy) each.end();
  }

  /** Ends the processes. Invocations that run have no outcome. */
  close(): void {
    this.#waiting.length = 0;
    for (const each of this.#processes) each.end();
  }
}
