import { channel } from 'node:diagnostics_channel';
import { Worker } from 'node:worker_threads';
import { EVALUATION_ENDS, EVALUATION_STARTS } from '../../../base/local-service.js';
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
/** The milliseconds of processor time that it takes to start a thread in place of one that was terminated. */
const START_MS = 40;
/** A thread that has evaluated nothing for this many milliseconds is ended. */
const IDLE_MS = 10_000;

const STARTS = channel(EVALUATION_STARTS);
const ENDS = channel(EVALUATION_ENDS);

const ENTRY = entryUrl('local/asl/jsonata/thread-entry.js');

/**
 * A message from a thread: it has begun an evaluation (`threadId` is its id in the operating system), or it has ended
 * one with this outcome.
 */
export type ThreadMessage = { readonly kind: 'begun'; readonly threadId: string | undefined } | Evaluated;

/** An evaluation that waits for a thread, or runs in one. */
export interface ThreadJob {
  readonly job: EvaluationJob;
  /** Returns the most milliseconds of processor time that the evaluation may use, if that is less than LIMIT_MS. */
  readonly limitMs: () => number;
  /** The execution. It uses one thread at a time and takes turns with the others, so that it can't keep them waiting. */
  readonly owner: object;
  /** Called with the milliseconds of processor time that the evaluation has taken, also if it was cancelled. */
  readonly spend: (ms: number) => void;
  /** Called with the outcome, unless the evaluation is cancelled before. */
  readonly done: (result: Evaluated) => void;
}

/** An evaluation that was posted to a thread. */
interface Current {
  readonly waiting: ThreadJob;
  readonly limitMs: number;
  /** Returns the milliseconds of processor time that the thread has used for the evaluation. */
  usedMs: () => number;
  cancel: Cancel;
}

interface Thread {
  readonly worker: Worker;
  /** The evaluation that runs in the thread; undefined while the thread is idle. */
  current: Current | undefined;
  /** Cancels the timer that ends the thread after IDLE_MS without an evaluation. */
  cancelIdle: Cancel | undefined;
}

const failed = (limit: 'time' | 'size', ms: number): Evaluated => ({
  kind: 'failed',
  limit,
  reason: `: ${LIMIT_TEXTS[limit]}`,
  ms,
});

/**
 * Evaluates JSONata expressions in worker threads if they take too long for the main thread. A thread has a limit of
 * processor time and of memory. The time is always real time, even if the service runs on a test's clock. An idle
 * thread doesn't keep the process alive.
 */
export class EvaluationThreads {
  readonly #threads = new Set<Thread>();
  /** The evaluations that wait for a thread, by their owner. The first owner is the next to get a thread. */
  readonly #waiting = new Map<object, Set<ThreadJob>>();
  /** The evaluations that are running or waiting for a thread. */
  readonly #open = new Set<ThreadJob>();
  #closed = false;

  /** The number of evaluations that are running or waiting for a thread. */
  get busy(): number {
    return this.#open.size;
  }

  /**
   * Evaluates an expression as soon as a thread is free, and calls `done` with the outcome. The returned function
   * cancels the evaluation; `done` is then never called.
   */
  evaluate(asked: ThreadJob): Cancel {
    const { owner } = asked;
    const waiting: ThreadJob = {
      ...asked,
      done: (result) => {
        this.#over(waiting);
        asked.done(result);
      },
    };
    this.#open.add(waiting);
    STARTS.publish(waiting.job);
    this.#waiting.set(owner, (this.#waiting.get(owner) ?? new Set()).add(waiting));
    this.#next();
    return () => this.#cancel(waiting);
  }

  /** Terminates all threads, and drops all evaluations without an outcome. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    for (const thread of this.#threads) this.#end(thread);
    for (const waiting of this.#open) this.#over(waiting);
  }

  #over(waiting: ThreadJob): void {
    if (this.#open.delete(waiting)) ENDS.publish(waiting.job);
  }

  #cancel(waiting: ThreadJob): void {
    this.#over(waiting);
    this.#remove(waiting);
    for (const thread of this.#threads) {
      if (thread.current?.waiting !== waiting) continue;
      waiting.spend(thread.current.usedMs() + START_MS);
      this.#end(thread);
    }
    this.#next();
  }

  /** Removes an evaluation from those that wait. Its owner then comes after all others. */
  #remove(waiting: ThreadJob): void {
    const { owner } = waiting;
    const left = this.#waiting.get(owner);
    if (!left?.delete(waiting)) return;
    this.#waiting.delete(owner);
    if (left.size > 0) this.#waiting.set(owner, left);
  }

  #next(): void {
    for (const [owner, [waiting]] of this.#waiting) {
      if (this.#closed || !waiting) return;
      const limitMs = Math.min(waiting.limitMs(), LIMIT_MS);
      if (limitMs <= 0) {
        this.#remove(waiting);
        waiting.done(failed('time', 0));
      } else if (![...this.#threads].some(({ current }) => current?.waiting.owner === owner)) {
        const thread = this.#idle();
        if (!thread) return;
        this.#remove(waiting);
        this.#assign(thread, waiting, limitMs);
      }
    }
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

  #assign(thread: Thread, waiting: ThreadJob, limitMs: number): void {
    thread.cancelIdle?.();
    thread.current = { waiting, limitMs, usedMs: () => 0, cancel: () => {} };
    this.#limit(thread, PATIENCE_MS, () => this.#fail(thread, 'time'));
    // While an evaluation runs in the thread, the process must stay alive.
    thread.worker.ref();
    thread.worker.postMessage(waiting.job);
  }

  /**
   * Checks now and then the processor time that the thread has used for its evaluation. If it is more than the
   * evaluation may use, or PATIENCE_MS have passed, the thread is terminated and the evaluation fails.
   */
  #watch(thread: Thread, threadId: string | undefined): void {
    const limitMs = thread.current?.limitMs ?? 0;
    const ends = systemClock.now() + PATIENCE_MS;
    const before = processorMs(threadId);
    const usedMs = (): number => processorMs(threadId) - before;
    if (thread.current) thread.current.usedMs = usedMs;
    const look = (): void => {
      const left = limitMs - usedMs();
      if (left <= 0 || systemClock.now() > ends) this.#fail(thread, 'time');
      else this.#limit(thread, Math.max(left, LOOK_MS), look);
    };
    this.#limit(thread, Math.max(limitMs, LOOK_MS), look);
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
    // Before the next evaluation of the same execution begins, so that it finds what is left.
    current?.waiting.spend(result.ms ?? 0);
    current?.waiting.done(result);
    thread.worker.unref();
    thread.cancelIdle = systemClock.after(IDLE_MS, () => this.#end(thread));
    this.#next();
  }

  #fail(thread: Thread, limit: 'time' | 'size'): void {
    const { current } = thread;
    this.#end(thread);
    current?.waiting.spend(current.limitMs + START_MS);
    current?.waiting.done(failed(limit, current.limitMs));
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
