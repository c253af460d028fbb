import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { methodName } from '../../declare/definition.js';
import type { Logger } from '../../base/log/log.js';
import { didYouMean } from '../../base/show.js';
import { CLOCK } from '../../worker/container/registrations.js';
import { AsyncTaskContext } from '../../worker/handler/current-task.js';
import { scopeOfTest } from '../harness/task-world.js';
import { TaskSignals } from '../../worker/task/context.js';
import { readDeferOptions } from '../../worker/task/deferral.js';
import {
  afterShutdown,
  ownFailure,
  type HandlerEnd,
  isThrown,
  type Outcome,
  deadlineMessage,
} from '../../worker/handler/outcome/outcome.js';
import { OWN_ERROR } from '../../worker/handler/outcome/own-errors.js';
import { Deferral, type TaskContext } from '../../declare/task-context.js';
import type { Ask } from '../../worker/keep/record.js';
import type { PhoneBook } from '../../worker/task/phone-book.js';
import { type BedHandler, outcomeOf, type Whole } from '../harness/bed-handlers.js';
import { HandClock } from '../harness/hand-clock.js';
import type { InjectedInstances } from '../harness/injected.js';
import { OpenCalls } from '../harness/open-calls.js';
import {
  checkOptions,
  RUN_OPTIONS,
  type RunOptions,
  START_OPTIONS,
  type StartOptions,
  type TaskOptions,
} from '../harness/options.js';
import type { RealWork } from '../work/real-work.js';
import { BedClock } from './bed-clock.js';
import { DeferredTask, successOf, type TaskResult } from './task-result.js';
import { bedContext } from './bed-context.js';
import { type History, replay, type Replay } from './replay.js';
import { RunningTask } from './running-task.js';

/** The parts that a bed is made of. */
export interface BedParts {
  readonly container: DependencyContainer;
  readonly injected: InjectedInstances;
  readonly dispose: () => Promise<void>;
  readonly handlers: readonly BedHandler[];
  readonly work: RealWork;
  readonly log: Logger;
  readonly whole: Whole;
  readonly phoneBook: (ask: Ask) => PhoneBook;
}

/** The bed behind a `TestBed`, which adds the types of the classes. */
export class Bed {
  readonly container: DependencyContainer;
  readonly clock: HandClock;
  readonly #injected: InjectedInstances;
  readonly #handlers: readonly BedHandler[];
  readonly #log: Logger;
  readonly #work: RealWork;
  readonly #whole: Whole;
  readonly #dispose: () => Promise<void>;
  readonly #calls = new OpenCalls();
  /** For each task that has not settled, a function that aborts its signal. */
  readonly #aborts = new Set<() => void>();
  readonly #phoneBook: PhoneBook;
  /** The tokens of the tasks that are running, or deferred. */
  readonly #wanted = new Set<string>();
  readonly #ask: Ask = async ({ token }) => (this.#wanted.has(token) ? 'wanted' : 'gone');
  #tasks = 0;
  #closing: Promise<void> | undefined;

  constructor({ container, injected, dispose, handlers, work, log, whole, phoneBook }: BedParts) {
    this.container = container;
    this.#injected = injected;
    this.clock = handClockOf(container, work);
    this.#handlers = handlers;
    this.#log = log;
    this.#work = work;
    this.#whole = whole;
    this.#dispose = dispose;
    this.#phoneBook = phoneBook(this.#ask);
  }

  get<T>(token: InjectionToken<T>): T {
    return this.#injected.get(token);
  }

  run(input?: unknown, options?: RunOptions): Promise<TaskResult<never>> {
    return this.runText(textOf(input), options);
  }

  async runText(json: string, options: RunOptions = {}): Promise<TaskResult<never>> {
    checkOptions('run', RUN_OPTIONS, options);
    return this.#handle(json, this.#find(options.handler), options);
  }

  start(input?: unknown, options?: TaskOptions & StartOptions): Promise<RunningTask<never>> {
    return this.startText(textOf(input), options);
  }

  async startText(json: string, options: TaskOptions & StartOptions = {}): Promise<RunningTask<never>> {
    checkOptions('start', START_OPTIONS, options);
    const { definition, handle, checkpoints } = this.#find(options.handler);
    const token = options.token ?? this.#token();
    this.#wanted.add(token);
    return this.#calls.call(async () => {
      const clock = this.clock instanceof BedClock ? this.clock : undefined;
      if (clock) clock.started++;
      const task: RunningTask<never> = new RunningTask({
        ...{
          definition,
          handle,
          checkpoints,
          options,
          json,
          clock: this.clock,
          log: this.#log,
          whole: this.#whole,
        },
        token,
        ...{ ask: this.#ask, phoneBook: this.#phoneBook, onCompleted: () => this.#wanted.delete(token) },
        receivedAt: options.receivedAt?.getTime() ?? this.clock.now(),
        onSettled: () => {
          this.#aborts.delete(abort);
          if (clock) clock.started--;
        },
      });
      const abort = (): void => task.abort();
      this.#aborts.add(abort);
      await this.clock.settle();
      return task;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#calls.close(new Error('the bed was closed'));
    this.#work.abandon();
    for (const abort of this.#aborts) abort();
    this.#aborts.clear();
    await this.#dispose();
  }

  replay(history: string | History): Promise<Replay> {
    const definitions = this.#handlers.map(({ definition }) => definition);
    return replay(history, definitions, (json, name) => this.#handle(json, this.#find(name)));
  }

  async #handle(
    json: string,
    { definition, options: { timeoutMs }, handle, checkpoints }: BedHandler,
    options: RunOptions = {},
  ): Promise<TaskResult<never>> {
    const signals = new TaskSignals();
    const token = options.token ?? this.#token();
    this.#wanted.add(token);
    let deferral: Deferral | undefined;
    let isDeferred = false;
    const context: TaskContext = bedContext({
      ...{ definition, json, log: this.#log, signals, token, checkpoint: checkpoints?.make() },
      defer: async (given) => {
        const options = readDeferOptions(given);
        const { handler, activityArn } = context;
        const checkpoint = checkpoints?.refOf(context);
        const task = { handler, activityArn, token, checkpoint };
        if (options) await this.#phoneBook.open({ ...task, ...options }, signals.signal);
        return (deferral = new Deferral(token, options?.id));
      },
      receivedAt: options.receivedAt?.getTime() ?? this.clock.now(),
    });
    const inContext = new AsyncTaskContext(context, {
      ...{ scope: scopeOfTest(), ask: this.#ask, isDeferred: () => deferral !== undefined },
    });
    const { name } = definition;
    const work = (): Promise<HandlerEnd> => outcomeOf(handle, json, context);
    const onDeadline = (): HandlerEnd => inContext.run(passDeadline, signals, Number(timeoutMs));
    const abort = (): void => stop(signals, 'the test ended');
    this.#aborts.add(abort);
    const unfollow = stopWith(options.signal, signals);
    try {
      const outcome = await this.#calls.call((fail) =>
        this.clock instanceof BedClock
          ? this.clock.runTask({ name, context, fail, timeoutMs, onDeadline }, work)
          : work(),
      );
      if (deferral && (signals.aborted || !isThrown(outcome))) isDeferred = true;
      if (isDeferred)
        return new DeferredTask<never>(definition, deferral?.id, () => this.#wanted.delete(token));
      if (outcome.status === 'deferred') throw new Error('a task is deferred by its own task.defer()');
      const reported: Outcome = signals.aborted?.kind === 'shutdown' ? afterShutdown(outcome) : outcome;
      const checkpoint = checkpoints?.refOf(context);
      if (checkpoint && reported.status === 'succeeded') checkpoints?.accepted(checkpoint);
      return await resultOf(reported, this.#whole);
    } catch (error) {
      abort();
      throw error;
    } finally {
      inContext.close();
      if (!isDeferred) this.#wanted.delete(token);
      this.#aborts.delete(abort);
      unfollow();
    }
  }

  #token(): string {
    return `test-bed-${++this.#tasks}`;
  }

  #find(name: string | undefined): BedHandler {
    const list = this.#handlers.map(({ definition }) => definition.name);
    if (name === undefined) {
      const [first, ...others] = this.#handlers;
      if (first && others.every((each) => isSameMethod(each, first))) return first;
      throw new Error(
        `This bed has several handlers; name one: run(input, { handler: '…' }). There are: ${list.join(', ')}`,
      );
    }
    const found =
      this.#handlers.find(({ definition }) => definition.name === name) ??
      this.#handlers.find(({ definition }) => methodName(definition) === name);
    if (!found) throw new Error(`This bed has no handler '${name}': ${didYouMean(name, list)}`);
    return found;
  }
}

/** True for two handlers of one method, which takes the tasks of a list of activities. */
const isSameMethod = ({ definition: one }: BedHandler, { definition: other }: BedHandler): boolean =>
  one.target === other.target && one.method === other.method;

const textOf = (input: unknown): string => JSON.stringify(input) ?? 'null';

/**
 * Returns the hand clock that the container has for `CLOCK`. If a mock puts another kind of clock there, returns a new
 * hand clock.
 */
function handClockOf(container: DependencyContainer, work: RealWork): HandClock {
  const clock = container.resolve(CLOCK);
  return clock instanceof HandClock ? clock : new BedClock(work);
}

async function resultOf(outcome: Outcome, whole: Whole): Promise<TaskResult<never>> {
  if (outcome.status === 'failed') return outcome;
  return (await successOf(outcome.output, whole)) as TaskResult<never>;
}

/** Aborts the signals of a task as a worker that stops does. */
function stop(signals: TaskSignals, message: string): void {
  signals.drain();
  signals.abort('shutdown', message);
}

/** Aborts the signal of a task whose deadline has passed. Returns its failure. */
function passDeadline(signals: TaskSignals, timeoutMs: number): Outcome {
  const message = deadlineMessage(timeoutMs);
  signals.abort('deadline', message);
  return ownFailure(OWN_ERROR.deadlineExceeded, message);
}

/** Aborts the signals of a task when the test's signal aborts. Returns a function that undoes this. */
function stopWith(signal: AbortSignal | undefined, signals: TaskSignals): () => void {
  const begin = (): void => stop(signals, 'the test aborted the signal that it gave to run()');
  if (signal?.aborted) begin();
  signal?.addEventListener('abort', begin, { once: true });
  return () => signal?.removeEventListener('abort', begin);
}
