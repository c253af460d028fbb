import { type ChildProcess, fork } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ChildOutput, streamForChild } from '../../../base/log/child-output.js';
import { entryUrl } from '../../../base/package.js';
import { Reaper } from '../../../base/reaper.js';
import type { Cancel, Clock } from '../../../base/time/clock.js';
import { failed, fileOf, type FunctionSetup, type Invocation, type InvocationResult } from './invocation.js';

const ENTRY = entryUrl('local/resources/functions/process-entry.js');

/** The most processes of one function. Further invocations wait for one of them. */
const MOST_PROCESSES = 10;

/** Kills the functions that still run when this process ends, however it ends: one that never pauses doesn't notice. */
const reaper = new Reaper();

/** A function, and the variables of its environment in addition to those of this process. */
export interface FunctionWithEnvironment extends FunctionSetup {
  readonly env: Readonly<Record<string, string>>;
}

interface Asked {
  readonly invocation: Invocation;
  readonly resolve: (result: InvocationResult) => void;
}

/** Returns the time of the last change of a module; undefined if there is no file. */
function changedAt(module: string): number | undefined {
  const file = fileOf(module);
  return file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** Returns an error to which Lambda gives no type. The texts are what users report of the live service. */
const untyped = (errorMessage: string): InvocationResult => ({
  payload: JSON.stringify({ errorMessage }),
  isError: true,
});

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
  readonly changedAt: number | undefined;
  readonly #child: ChildProcess;
  #asked: Asked | undefined;
  #cancel: Cancel = () => {};

  constructor(
    { env, ...setup }: FunctionWithEnvironment,
    private readonly clock: Clock,
    private readonly onIdle: (idle: FunctionProcess) => void,
    private readonly onEnd: (ended: FunctionProcess) => void,
  ) {
    this.changedAt = changedAt(setup.module);
    this.#child = fork(fileURLToPath(ENTRY), [JSON.stringify(setup)], {
      env: { ...process.env, ...env },
      execArgv: [`--max-old-space-size=${setup.memoryMb}`],
      stdio: ['ignore', streamForChild(1), streamForChild(2), 'ipc'],
      detached: HAS_GROUPS,
    });
    this.#child.on('error', ({ name, message }) =>
      this.#over(failed({ errorType: name, errorMessage: message })),
    );
    this.#register();
    const output = new ChildOutput(this.#child);
    this.#child.on('message', (message) => {
      const result = message as Partial<InvocationResult>;
      // The function may send messages of its own.
      if (!isResult(result)) return;
      if (result.isLast === true) this.#over(result);
      else this.#settle(result);
    });
    // A last message may be read after the exit.
    const closed = new Promise((resolve) => this.#child.once('disconnect', resolve));
    this.#child.on('exit', (code, signal) => {
      void output.readRest();
      void closed.then(() => this.#exited(code, signal));
    });
    this.#keepAlive(false);
  }

  run(asked: Asked): void {
    this.#asked = asked;
    const { invocation } = asked;
    this.#keepAlive(true);
    this.#cancel = this.clock.after(invocation.timeoutMs, () => this.#timeOut(invocation));
    this.#child.send(invocation);
  }

  end(): void {
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

  /** An idle process keeps this one from ending no more. */
  #keepAlive(isKept: boolean): void {
    const how = isKept ? 'ref' : 'unref';
    this.#child[how]();
    this.#child.channel?.[how]();
  }

  #timeOut({ requestId, timeoutMs }: Invocation): void {
    const seconds = (timeoutMs / 1000).toFixed(2);
    const at = new Date(this.clock.date()).toISOString();
    this.#over(untyped(`${at} ${requestId} Task timed out after ${seconds} seconds`));
    this.end();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const { requestId } = this.#asked?.invocation ?? {};
    const exited = `RequestId: ${requestId} Error: Runtime exited`;
    if (OUT_OF_MEMORY.includes(signal)) return this.#over(untyped(`${exited} with error: signal: killed`));
    const status = signal === null ? `exit status ${code}` : `signal: ${signal}`;
    const how = code === 0 ? 'without providing a reason' : `with error: ${status}`;
    this.#over(failed({ errorType: 'Runtime.ExitError', errorMessage: `${exited} ${how}` }));
  }

  #settle(result: InvocationResult): void {
    this.#answer(result);
    this.onIdle(this);
  }

  /** The same, and the process is of no further use. */
  #over(result: InvocationResult): void {
    this.#answer(result);
    this.onEnd(this);
  }

  #answer(result: InvocationResult): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#cancel();
    this.#keepAlive(false);
    asked?.resolve(result);
  }
}

/** Runs one function in processes, each of which loads its module once. */
export class FunctionProcesses {
  readonly #processes = new Set<FunctionProcess>();
  readonly #idle: FunctionProcess[] = [];
  readonly #waiting: Asked[] = [];
  #isRetired = false;

  constructor(
    private readonly setup: FunctionWithEnvironment,
    private readonly clock: Clock,
  ) {}

  /** Never rejects: an error of the function is a result. */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    return new Promise((resolve) => {
      this.#waiting.push({ invocation, resolve });
      this.#next();
    });
  }

  /** True while there is a process. */
  get isRunning(): boolean {
    return this.#processes.size > 0;
  }

  /** Ends each process when it has nothing to do. */
  retire(): void {
    for (const each of this.#idle.splice(0)) {
      this.#processes.delete(each);
      each.end();
    }
    this.#isRetired = true;
  }

  /** Ends the processes. Invocations that run have no outcome. */
  close(): void {
    this.#waiting.length = 0;
    for (const each of this.#processes) each.end();
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    try {
      const free = this.#current() ?? this.#start();
      const asked = free && this.#waiting.shift();
      if (asked) free.run(asked);
    } catch (error) {
      // The system refuses the process, such as for the size of its environment.
      const { name, message } = error as Error;
      this.#waiting.shift()?.resolve(failed({ errorType: name, errorMessage: message }));
    }
  }

  /** Returns an idle process. Those that have loaded an older file are ended. */
  #current(): FunctionProcess | undefined {
    const now = changedAt(this.setup.module);
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.changedAt === now) return idle;
      this.#processes.delete(idle);
      idle.end();
    }
    return undefined;
  }

  #start(): FunctionProcess | undefined {
    if (this.#processes.size >= MOST_PROCESSES) return undefined;
    const started: FunctionProcess = new FunctionProcess(
      this.setup,
      this.clock,
      (each) => this.#idled(each),
      (each) => this.#ended(each),
    );
    this.#processes.add(started);
    return started;
  }

  #idled(each: FunctionProcess): void {
    if (this.#processes.has(each)) this.#idle.push(each);
    if (this.#isRetired && this.#waiting.length === 0) this.retire();
    this.#next();
  }

  #ended(each: FunctionProcess): void {
    this.#processes.delete(each);
    const at = this.#idle.indexOf(each);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#next();
  }
}
