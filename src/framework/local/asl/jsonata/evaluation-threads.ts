import { Worker } from 'node:worker_threads';
import { entryUrl } from '../../../base/load-library.js';
import { systemClock, type Cancel } from '../../../base/time/clock.js';
import type { Evaluated, EvaluationJob } from '../expression/evaluation.js';
import { LIMIT_TEXTS } from './limits/guard.js';
import { processorMs } from './processor-time.js';

/**
 * The most milliseconds of processor time that a thread may use for one evaluation. Waiting for a processor isn't
 * counted.
 */
const LIMIT_MS = 1_000;
/**
 * The most milliseconds of real time from posting an evaluation to a thread until the thread begins it, and from there
 * until it ends. The limit is generous because threads are slow on a busy machine.
 */
const PATIENCE_MS = 20_000;
/** The shortest time, in milliseconds, between two checks of the processor time that a thread has used. */
const LOOK_MS = 50;
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
const THREADS = 2;
/** A thread that has evaluated nothing for this many milliseconds is ended. */
const IDLE_MS = 10_000;

const ENTRY = entryUrl('./thread-entry.js', import.meta.url);

/**
 * A message from a thread: it has begun an evaluation (`threadId` is its id in the operating system), or it has ended
 * one with this outcome.
 */
export type ThreadMessage = { readonly kind: 'begun'; readonly threadId: string | undefined } | Evaluated;

interface Waiting {
  readonly job: EvaluationJob;
  readonly done: (result: Evaluated) => void;
}

interface Thread {
  readonly worker: Worker;
  /** The evaluation that runs in the thread; undefined while the thread is idle. */
  current: { readonly done: (result: Evaluated) => void; cancel: Cancel } | undefined;
  /** Cancels the timer that ends the thread after IDLE_MS without an evaluation. */
  cancelIdle: Cancel | undefined;
}

/**
 * Evaluates JSONata expressions in worker threads if they take too long for the main thread. A thread has a limit of
 * processor time and of memory. The time is always real time, even if the service runs on a test's clock. An idle
 * thread doesn't keep the process alive.
 */
export class EvaluationThreads {
  readonly #threads = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  /** The number of evaluations that are running or waiting for a thread. */
  get busy(): number {
    return this.#waiting.length + [...this.#threads].filter(({ current }) => current).length;
  }

  /**
   * Evaluates an expression as soon as a thread is free, and calls `done` with the outcome. The returned function
   * cancels the evaluation; `done` is then never called.
   */
  evaluate(job: EvaluationJob, done: (result: Evaluated) => void): Cancel {
    const waiting = { job, done };
    this.#waiting.push(waiting);
    this.#next();
    return () => this.#cancel(waiting);
  }

  /** Terminates all threads, and drops all evaluations without an outcome. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    for (const thread of this.#threads) this.#end(thread);
  }

  #cancel(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    for (const thread of this.#threads) if (thread.current?.done === waiting.done) this.#end(thread);
    this.#next();
  }

  #next(): void {
    if (this.#closed || this.#waiting.length === 0) return;
    const thread = this.#idle();
    const waiting = thread && this.#waiting.shift();
    if (waiting) this.#assign(thread, waiting);
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
      if (message.kind === 'begun') this.#watch(thread, message.threadId);
      else this.#settle(thread, message);
    });
    // The thread has run out of memory or stack, and has ended.
    worker.on('error', () => this.#fail(thread, 'size'));
    this.#threads.add(thread);
    return thread;
  }

  #assign(thread: Thread, { job, done }: Waiting): void {
    thread.cancelIdle?.();
    thread.current = { done, cancel: () => {} };
    this.#limit(thread, PATIENCE_MS, () => this.#fail(thread, 'time'));
    // While an evaluation runs in the thread, the process must stay alive.
    thread.worker.ref();
    thread.worker.postMessage(job);
  }

  /**
   * Checks now and then the processor time that the thread has used for its evaluation. If it is more than LIMIT_MS, or
   * PATIENCE_MS have passed, the thread is terminated and the evaluation fails.
   */
  #watch(thread: Thread, threadId: string | undefined): void {
    const ends = systemClock.now() + PATIENCE_MS;
    const before = processorMs(threadId);
    const look = (): void => {
      const left = LIMIT_MS - (processorMs(threadId) - before);
      if (left <= 0 || systemClock.now() > ends) this.#fail(thread, 'time');
      else this.#limit(thread, Math.max(left, LOOK_MS), look);
    };
    this.#limit(thread, LIMIT_MS, look);
  }

  #limit(thread: Thread, ms: number, onTime: () => void): void {
    if (!thread.current) return;
    thread.current.cancel();
    thread.current.cancel = systemClock.after(ms, onTime);
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

  #fail(thread: Thread, limit: 'time' | 'size'): void {
    const { current } = thread;
    this.#end(thread);
    current?.done({ kind: 'failed', limit, reason: `: ${LIMIT_TEXTS[limit]}` });
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
