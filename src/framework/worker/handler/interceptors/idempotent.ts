import { inject, injectable } from '../../../declare/container.js';
import { show } from '../../../base/show.js';
import { type Store, StoreError, type StoreMonitor } from '../../../base/store.js';
import type { Clock } from '../../../base/time/clock.js';
import { DURATION_EXPECTED, parseDuration } from '../../../base/time/duration.js';
import { ActivityFailure, isReserved } from '../../../declare/activity-failure.js';
import type { Constructor } from '../../../declare/class.js';
import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';
import { isStore } from '../../../declare/handler-options.js';
import { isText } from '../../../declare/option-rules.js';
import type { TaskContext } from '../../../declare/task-context.js';
import { CLOCK, RANDOM, STORE_FOR, STORE_MONITOR } from '../../container/registrations.js';
import { LimitedStore } from '../../keep/limited-store.js';
import { beginWork, type Work, type WorkKeeping } from '../../keep/once.js';
import type { RecordFields } from '../../keep/record.js';
import { arbiterOf, currentOutputs } from '../current-task.js';
import { failureOf, repeatFailure, readThrown } from '../outcome/failure.js';
import { OWN_ERROR, OwnError } from '../outcome/own-errors.js';

/** Options of {@link Idempotent}. */
export interface IdempotentOptions<Input = unknown> {
  /** The store of the outcomes. All workers that take the handler's tasks must use the same one. */
  readonly store: Store;
  /** Returns a text that names the piece of work, such as `(input: Order) => input.orderId`. */
  key(input: Input): string;
  /** The time for which an outcome is kept. After it, the same work is done again. @default '1d' */
  readonly keep?: string;
  /**
   * The error names of failures that are final: they are kept like a success, and a later task of the same work fails
   * with them at once. After any other failure the next task does the work again.
   * @default []
   */
  readonly failures?: readonly string[];
}

/** The error of a task whose work another task is doing. */
class AlreadyRunning extends OwnError {
  override readonly name = 'AlreadyRunning';
  readonly reported = OWN_ERROR.alreadyRunning;
  readonly data = {};
}

const made = new WeakSet<object>();

/** Returns true for an interceptor that {@link Idempotent} has made, and for a class that extends it. */
export function isIdempotent(interceptor: Constructor<Interceptor>): boolean {
  for (let type: unknown = interceptor; typeof type === 'function'; type = Object.getPrototypeOf(type))
    if (made.has(type)) return true;
  return false;
}

/**
 * Makes an interceptor that does each piece of work once. The first task that finishes the work keeps its outcome in a
 * store; a later task with the same key has this outcome, and its handler isn't called. While the first task runs, a
 * second one fails with `Stepwright.AlreadyRunning`, which the `Retry` of its state repeats. If the first has died, the
 * service says so when its heartbeats or its timeout have run out, and the next attempt begins the work.
 *
 * It can't promise more than these:
 * - If the worker dies after the handler's effect and before the outcome is kept, the effect happens twice. Give the key
 *   to the service that has the effect, if it takes one.
 * - If the outcome can't be kept within a minute, the task has its outcome nevertheless, and the next does the work again.
 * - An interceptor around this one gets the later task's result as the JSON that was sent: an instance comes back as a
 *   plain object, a Date as a text, and a large output as the reference to it. The outcome of a deferred task isn't kept.
 *
 * Without the store no work begins: after a minute the task fails with `StoreError`.
 * @throws TypeError for a bad option
 */
export function Idempotent(options: IdempotentOptions): Constructor<Interceptor> {
  const { store, key, keepMs, failures } = checked(options);

  @injectable()
  class DoneOnce implements Interceptor {
    readonly #store: LimitedStore;
    readonly #keeping: WorkKeeping;

    constructor(
      @inject(CLOCK) clock: Clock,
      @inject(RANDOM) random: () => number,
      @inject(STORE_FOR) storeFor: (store: Store) => Store,
      @inject(STORE_MONITOR) stores: StoreMonitor,
    ) {
      this.#store = new LimitedStore(storeFor(store), 'idempotent', { clock, stores });
      this.#keeping = { clock, random, keepMs, store: this.#store, signal: this.#store.closed };
    }

    async intercept({ input, context }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      const name = nameOf(key(input), context);
      const { ask, scope } = arbiterOf(context);
      const { handler, token, activityArn, signal, log } = context;
      const task = { token, activityArn, scope };
      const found = await beginWork(this.#keeping, name, { handler, task, signal, ask });
      if (found.is === 'running')
        throw new AlreadyRunning('another task works on the same piece of work, and is not known to be over');
      if (found.is === 'finished') return replay(found.outcome, context);
      if (found.isTakenOver)
        log.warn('the task that worked on this is gone and has left no outcome: the work begins again');
      return runOnce(found.work, next, context, failures);
    }

    /** Leaves no timer behind. Called when the container is disposed of. */
    dispose(): void {
      this.#store.close();
    }
  }
  made.add(DoneOnce);
  return DoneOnce;
}

/** Runs the handler, and keeps its outcome. */
async function runOnce(
  work: Work,
  next: () => Promise<unknown>,
  context: TaskContext,
  failures: readonly string[],
): Promise<unknown> {
  // The record of a deferred task says that it works on this, for as long as the service wants it.
  const { isDeferred } = arbiterOf(context);
  try {
    const result = await next();
    if (!isDeferred()) await keep(work, await succeeded(result, context), context);
    return result;
  } catch (error) {
    // An error fails a deferred task only before its signal has aborted.
    if (!isDeferred() || !context.signal.aborted) await keep(work, failed(error, context, failures), context);
    throw error;
  }
}

/** Returns the record of a result as it is sent. Returns undefined if it can't be sent: its task fails then. */
async function succeeded(result: unknown, context: TaskContext): Promise<RecordFields | undefined> {
  try {
    return { state: 'succeeded', output: await currentOutputs().sentFor(result, context) };
  } catch {
    return undefined;
  }
}

/** Returns the record of a failure as it is sent. Returns undefined if it isn't a final one. */
function failed(
  thrown: unknown,
  { handler }: TaskContext,
  failures: readonly string[],
): RecordFields | undefined {
  const { name, message, data } = readThrown(thrown);
  if (!failures.includes(name)) return undefined;
  const { cause } = failureOf(thrown, { handler, warn: () => {} });
  return { state: 'failed', error: name, message, data, cause };
}

/** Keeps an outcome, or lets the work begin again. Never rejects: the task has its outcome in any case. */
async function keep(work: Work, outcome: RecordFields | undefined, { log }: TaskContext): Promise<void> {
  try {
    if (!outcome) return await work.free();
    if (!(await work.finish(outcome)))
      log.warn(
        'the service had let this task go, and another has begun the same work: this outcome is not kept',
      );
  } catch (error) {
    log.error({ err: error }, 'the outcome could not be kept: the next task does the same work again');
    if (error instanceof StoreError && error.kind === 'too-large') await work.free().catch(() => {});
  }
}

/** Returns the result of finished work, or throws its error: its task is reported as the first one was. */
function replay({ state, output, error, message, data, cause }: RecordFields, context: TaskContext): unknown {
  context.log.info('this work was done before: the task has its outcome');
  if (state === 'succeeded') return currentOutputs().repeat(output ?? null, context);
  const failure = new ActivityFailure(String(error), String(message), data);
  throw typeof cause === 'string' ? repeatFailure(failure, { error: failure.name, cause }) : failure;
}

function nameOf(name: unknown, { handler }: TaskContext): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new TypeError(
    `Idempotent: expected \`key\` to return the name of the piece of work of ${handler}, a text that is not empty; got ${show(name)}`,
  );
}

function checked(options: IdempotentOptions) {
  const { store, keep: kept = '1d', failures = [] } = options;
  const refuse = (option: string, expected: string, value: unknown): never => {
    throw new TypeError(`Idempotent: expected \`${option}\` to be ${expected}, got ${show(value)}`);
  };
  if (!isStore(store)) refuse('store', "a store, such as directory('/var/lib/stepwright')", store);
  if (typeof options.key !== 'function')
    refuse('key', 'a function of the input that returns a text', Reflect.get(options, 'key'));
  if (!Array.isArray(failures) || !failures.every((each) => isText(each) && !isReserved(String(each))))
    refuse('failures', 'a list of names of your own errors', failures);
  const keepMs = parseDuration(kept) ?? 0;
  if (keepMs < 1) refuse('keep', `${DURATION_EXPECTED}, of 1 ms or more`, kept);
  const key = (input: unknown): unknown => options.key(input);
  return { store, key, keepMs, failures };
}
