import { channel } from 'node:diagnostics_channel';
import { Worker } from 'node:worker_threads';
import { EVALUATION_ENDS, EVALUATION_STARTS } from '../../base/local-protocol.js';
import { type Cancel, systemClock } from '../../base/time/clock.js';
import type { Evaluated, EvaluationJob, Evaluator } from '../expression.js';
import { entryUrl } from '../../base/package.js';
import { showError } from '../../base/show.js';
import { Compiler, limitReason } from './compiler.js';
import { turn } from '../../base/time/turn.js';

/** A job that is running or waiting. */
interface Asked {
  readonly job: EvaluationJob;
  readonly owner: object;
  readonly done: (result: Evaluated) => void;
}

const STARTS = channel(EVALUATION_STARTS);
const ENDS = channel(EVALUATION_ENDS);

/** Keeps the jobs that are running or waiting, and tells a clock of tests of them. */
abstract class Jobs implements Evaluator {
  readonly #open = new Set<Asked>();

  get busy(): number {
    return this.#open.size;
  }

  evaluate(job: EvaluationJob, owner: object, done: (result: Evaluated) => void): Cancel {
    const asked: Asked = { job, owner, done };
    this.#open.add(asked);
    STARTS.publish(asked);
    this.begin(asked);
    return () => void this.#over(asked);
  }

  close(): void {
    for (const asked of this.#open) this.#over(asked);
  }

  protected abstract begin(asked: Asked): void;

  /** Returns false if a job was cancelled. */
  protected isOpen(asked: Asked): boolean {
    return this.#open.has(asked);
  }

  protected settle(asked: Asked, result: Evaluated): void {
    if (this.#over(asked)) asked.done(result);
  }

  #over(asked: Asked): boolean {
    const wasOpen = this.#open.delete(asked);
    if (wasOpen) ENDS.publish(asked);
    return wasOpen;
  }
}

/** An evaluation that takes more milliseconds is a long one: it keeps its thread, and another one takes the queue. */
const LONG_MS = 1_000;
/** The most milliseconds of a long evaluation. */
const LIMIT_MS = 15_000;
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
const THREADS = 2;

const ENTRY = entryUrl('asl/jsonata/thread-entry.js');

/** A worker thread, and the job that runs in it. */
class Thread {
  readonly worker: Worker;
  current: Asked | undefined;
  /** The time when its evaluation was found to be long; undefined until then. */
  #longSince: number | undefined;
  /** The job that ran at the last check, and the index of its expression. */
  #seen: Asked | undefined;
  #seenAt = 0;
  #isReady = false;
  readonly #at = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    entry: URL,
    onDone: (thread: Thread, result: Evaluated) => void,
    onError: (thread: Thread, error: Error) => void,
  ) {
    const options = { resourceLimits: MEMORY, stderr: true, stdout: true, execArgv: [] };
    this.worker = new Worker(entry, { ...options, workerData: this.#at.buffer });
    this.worker.on('online', () => (this.#isReady = true));
    this.worker.on('message', (result: Evaluated) => onDone(this, result));
    this.worker.on('error', (error) => onError(this, error));
    this.worker.unref();
  }

  /** The index of the expression that is evaluated. */
  get index(): number {
    return Atomics.load(this.#at, 0);
  }

  get isLong(): boolean {
    return this.#longSince !== undefined;
  }

  begin(asked: Asked): void {
    this.current = asked;
    Atomics.store(this.#at, 0, 0);
    // While an evaluation runs in the thread, the process must stay alive.
    this.worker.ref();
    this.worker.postMessage(asked.job);
  }

  end(): Asked | undefined {
    const { current } = this;
    this.current = this.#seen = this.#longSince = undefined;
    this.worker.unref();
    return current;
  }

  /** Returns true if the evaluation has used up its time. Called every LONG_MS. */
  hasUsedUpItsTime(): boolean {
    const { current, index } = this;
    if (!current || !this.#isReady) return false;
    const now = systemClock.now();
    // All expressions of a job together make a long one; each has the whole time.
    if (this.#seen !== current) this.#longSince = undefined;
    else if (this.#longSince === undefined || this.#seenAt !== index) this.#longSince = now;
    [this.#seen, this.#seenAt] = [current, index];
    return this.#longSince !== undefined && now - this.#longSince >= LIMIT_MS;
  }
}

/**
 * Evaluates JSONata in a worker thread, so that no expression blocks the service. Executions take turns in its queue.
 * A long evaluation keeps its thread, and a second thread takes the queue. An evaluation ends after 15 seconds,
 * or when its memory is full. An idle thread doesn't keep the process alive.
 */
export class EvaluationThreads extends Jobs {
  readonly #threads = new Set<Thread>();
  /** The jobs that wait, by their owner. The first owner is the next to get a thread. */
  readonly #waiting = new Map<object, Asked[]>();
  #closed = false;
  #cancelCheck: Cancel | undefined;

  /** @param entry the module that a thread runs */
  constructor(private readonly entry: URL = ENTRY) {
    super();
  }

  /** Ends all threads, and drops all jobs without an outcome. */
  override close(): void {
    this.#closed = true;
    this.#cancelCheck?.();
    for (const thread of this.#threads) this.#end(thread);
    super.close();
  }

  protected override begin(asked: Asked): void {
    const waiting = this.#waiting.get(asked.owner);
    if (waiting) waiting.push(asked);
    else this.#waiting.set(asked.owner, [asked]);
    this.#next();
  }

  /** Begins the next job, if no thread has one but for long ones. An owner uses one thread at a time. */
  #next(): void {
    const running = [...this.#threads].filter(({ current }) => current);
    if (this.#closed || running.length === THREADS || running.some(({ isLong }) => !isLong)) return;
    const asked = this.#take(running.map(({ current }) => current?.owner));
    if (!asked) return;
    this.#idle().begin(asked);
    this.#checkLater();
  }

  /** Takes the next job from the queue, unless its owner is one of these. Its owner then comes after all others. */
  #take(others: readonly unknown[]): Asked | undefined {
    for (const [owner, jobs] of this.#waiting) {
      if (others.includes(owner)) continue;
      let asked = jobs.shift();
      while (asked && !this.isOpen(asked)) asked = jobs.shift();
      this.#waiting.delete(owner);
      if (jobs.length > 0) this.#waiting.set(owner, jobs);
      if (asked) return asked;
    }
    return undefined;
  }

  #idle(): Thread {
    for (const thread of this.#threads) if (!thread.current) return thread;
    const made = new Thread(
      this.entry,
      (thread, result) => this.#over(thread.end(), result),
      (thread, error) => this.#fail(thread, reasonOf(error)),
    );
    this.#threads.add(made);
    return made;
  }

  #checkLater(): void {
    this.#cancelCheck ??= systemClock.after(LONG_MS, () => this.#check());
  }

  #check(): void {
    this.#cancelCheck = undefined;
    for (const thread of this.#threads) {
      if (thread.hasUsedUpItsTime()) this.#fail(thread, limitReason('time'));
      else if (thread.isLong && thread.current && !this.isOpen(thread.current)) this.#end(thread);
      if (thread.current) this.#checkLater();
    }
    this.#next();
  }

  #fail(thread: Thread, reason: string): void {
    const failed = thread.index;
    this.#over(this.#end(thread), { failed, reason });
  }

  #over(asked: Asked | undefined, result: Evaluated): void {
    if (asked) this.settle(asked, result);
    this.#next();
  }

  #end(thread: Thread): Asked | undefined {
    this.#threads.delete(thread);
    void thread.worker.terminate();
    return thread.end();
  }
}

/** Returns the reason why an evaluation failed whose thread has ended with an error. */
function reasonOf(error: Error): string {
  if (Reflect.get(error, 'code') === 'ERR_WORKER_OUT_OF_MEMORY') return limitReason('size');
  if (error.name === 'RangeError') return limitReason('depth');
  return `could not be evaluated, because its thread has ended: ${showError(error)}`;
}

/** The most milliseconds for which a turn of the event loop may evaluate one expression. */
const TURN_MS = 10_000;

/**
 * Evaluates JSONata on the calling thread, for tests, which then take the same course each time. The outcomes come in
 * the order of the jobs, each in its own turn of the event loop.
 */
export class EvaluationInPlace extends Jobs {
  readonly #compiler = new Compiler(() => turn.busyMs() > TURN_MS);
  #last: Promise<unknown> = Promise.resolve();

  protected override begin(asked: Asked): void {
    this.#last = this.#last.then(() => this.#run(asked));
  }

  async #run(asked: Asked): Promise<void> {
    await new Promise<void>((resolve) => turn.after(resolve));
    if (this.isOpen(asked)) this.settle(asked, await this.#compiler.evaluate(asked.job));
  }
}
