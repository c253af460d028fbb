import { Worker } from 'node:worker_threads';
import { entryUrl } from '../../../base/entry-url.js';
import { systemClock, type Cancel } from '../../../base/time/clock.js';
import type { Evaluated, EvaluationJob } from '../expression/evaluation.js';

/** How long a thread may work on one evaluation, and how much memory it may take. */
const LIMIT_MS = 1_000;
/** How long it may take until it begins with it: on a busy machine a thread starts slowly. */
const START_LIMIT_MS = 20_000;
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
const THREADS = 2;
/** How long an idle thread is kept. */
const IDLE_MS = 10_000;

const ENTRY = entryUrl('./thread-entry.js', import.meta.url);

/** What a thread posts: that it has begun with a job, then the outcome. */
export type ThreadMessage = 'begun' | Evaluated;

interface Waiting {
  readonly job: EvaluationJob;
  readonly done: (result: Evaluated) => void;
}

interface Thread {
  readonly worker: Worker;
  /** What it works on. */
  current: { readonly done: (result: Evaluated) => void; cancel: Cancel } | undefined;
  /** Ends it when it has been idle. */
  cancelIdle: Cancel | undefined;
}

/**
 * Evaluates what takes too long for the main thread, in threads that can be ended: by time, by memory. The time is
 * real, whatever clock the service has. No thread keeps the process alive.
 */
export class EvaluationThreads {
  readonly #threads = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  /** How many evaluations are on their way. */
  get busy(): number {
    return this.#waiting.length + [...this.#threads].filter(({ current }) => current).length;
  }

  /** Begins an evaluation as soon as there is a thread for it. The cancel ends it; nobody is told then. */
  evaluate(job: EvaluationJob, done: (result: Evaluated) => void): Cancel {
    const waiting = { job, done };
    this.#waiting.push(waiting);
    this.#next();
    return () => this.#withdraw(waiting);
  }

  /** Ends every thread, and what they work on. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    for (const thread of this.#threads) this.#end(thread);
  }

  #withdraw(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    for (const thread of this.#threads) if (thread.current?.done === waiting.done) this.#end(thread);
    this.#next();
  }

  #next(): void {
    if (this.#closed || this.#waiting.length === 0) return;
    const thread = this.#idle();
    const waiting = thread && this.#waiting.shift();
    if (waiting) this.#give(thread, waiting);
  }

  #idle(): Thread | undefined {
    for (const thread of this.#threads) if (!thread.current) return thread;
    return this.#threads.size < THREADS ? this.#start() : undefined;
  }

  #start(): Thread {
    const worker = new Worker(ENTRY, { resourceLimits: MEMORY, stderr: true, stdout: true, execArgv: [] });
    worker.unref();
    const thread: Thread = { worker, current: undefined, cancelIdle: undefined };
    worker.on('message', (message: ThreadMessage) => {
      if (message === 'begun') this.#limit(thread, LIMIT_MS);
      else this.#settle(thread, message);
    });
    // Out of memory, or out of stack: it is gone.
    worker.on('error', () => this.#lose(thread, 'size'));
    this.#threads.add(thread);
    return thread;
  }

  #give(thread: Thread, { job, done }: Waiting): void {
    thread.cancelIdle?.();
    thread.current = { done, cancel: () => {} };
    this.#limit(thread, START_LIMIT_MS);
    // While it works the process stays, as it does for any work of its own.
    thread.worker.ref();
    thread.worker.postMessage(job);
  }

  #limit(thread: Thread, ms: number): void {
    if (!thread.current) return;
    thread.current.cancel();
    thread.current.cancel = systemClock.after(ms, () => this.#lose(thread, 'time'));
  }

  #settle(thread: Thread, result: Evaluated): void {
    const { current } = thread;
    thread.current = undefined;
    current?.cancel();
    current?.done(result);
    thread.worker.unref();
    thread.cancelIdle = systemClock.after(IDLE_MS, () => this.#end(thread));
    this.#next();
  }

  #lose(thread: Thread, limit: 'time' | 'size'): void {
    const { current } = thread;
    this.#end(thread);
    current?.done({ kind: 'failed', limit, reason: REASONS[limit] });
    this.#next();
  }

  #end(thread: Thread): void {
    thread.cancelIdle?.();
    thread.current?.cancel();
    thread.current = undefined;
    this.#threads.delete(thread);
    void thread.worker.terminate();
  }
}

const REASONS = {
  time: 'The expression takes too long to evaluate.',
  size: 'The expression takes too much memory to evaluate.',
} as const;
