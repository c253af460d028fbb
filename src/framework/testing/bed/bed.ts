import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { methodName } from '../../declare/definition.js';
import type { Logger } from '../../base/log/log.js';
import { didYouMean } from '../../base/show.js';
import { CLOCK } from '../../worker/container/registrations.js';
import type { Ask } from '../../worker/keep/record.js';
import type { BedHandler, BedParts } from '../harness/bed-handlers.js';
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
import { withResolvers } from '../../base/time/wait.js';
import type { RealWork } from '../work/real-work.js';
import { BedClock } from './bed-clock.js';
import type { TaskResult } from './task-result.js';
import { type History, replay, type Replay } from './replay.js';
import { type BedWorld, RunningTask } from './running-task.js';

/** The bed behind a `TestBed`, which adds the types of the classes. */
export class Bed {
  readonly container: DependencyContainer;
  readonly clock: HandClock;
  readonly #injected: InjectedInstances;
  readonly #handlers: readonly BedHandler[];
  readonly #work: RealWork;
  readonly #dispose: () => Promise<void>;
  readonly #calls = new OpenCalls();
  /** The tasks whose handlers have not settled. */
  readonly #open = new Set<RunningTask<never>>();
  readonly #world: Omit<BedWorld, 'clock' | 'onSettled' | 'onCompleted'>;
  /** The tokens of the tasks that are running, or deferred. */
  readonly #wanted = new Set<string>();
  #tasks = 0;
  #closing: Promise<void> | undefined;

  constructor(parts: BedParts, handlers: readonly BedHandler[], work: RealWork, log: Logger) {
    const { container, injected, dispose, whole, reportLimitMs } = parts;
    this.container = container;
    this.#injected = injected;
    this.clock = handClockOf(container, work);
    this.#handlers = handlers;
    this.#work = work;
    this.#dispose = dispose;
    const ask: Ask = async ({ token }) => (this.#wanted.has(token) ? 'wanted' : 'gone');
    this.#world = { ask, deferrals: parts.deferrals(ask), log, whole, reportLimitMs };
  }

  get<T>(token: InjectionToken<T>): T {
    return this.#injected.get(token);
  }

  run(input?: unknown, options?: RunOptions): Promise<TaskResult<never>> {
    return this.runText(textOf(input), options);
  }

  async runText(json: string, options: RunOptions = {}): Promise<TaskResult<never>> {
    checkOptions('run', RUN_OPTIONS, options);
    return this.#run(json, this.#find(options.handler), options);
  }

  start(input?: unknown, options?: TaskOptions & StartOptions): Promise<RunningTask<never>> {
    return this.startText(textOf(input), options);
  }

  async startText(json: string, options: TaskOptions & StartOptions = {}): Promise<RunningTask<never>> {
    checkOptions('start', START_OPTIONS, options);
    const handler = this.#find(options.handler);
    return this.#calls.call(async () => {
      const clock = this.clock instanceof BedClock ? this.clock : undefined;
      if (clock) clock.started++;
      const onSettled = (): void => {
        if (clock) clock.started--;
      };
      const task = this.#begin(json, handler, { clock: this.clock, onSettled }, options);
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
    for (const task of this.#open) task.abort();
    await this.#dispose();
  }

  replay(history: string | History): Promise<Replay> {
    const definitions = this.#handlers.map(({ definition }) => definition);
    return replay(history, definitions, (json, name) => this.#run(json, this.#find(name)));
  }

  /** Runs a task to its end. */
  #run(json: string, handler: BedHandler, options: RunOptions = {}): Promise<TaskResult<never>> {
    return this.#calls.call(async () => {
      const clock = this.clock instanceof BedClock ? this.clock.forRun() : undefined;
      const ended = withResolvers<void>();
      const on = { clock: clock ?? this.clock, limits: clock?.limits, onEnded: ended.resolve };
      const task = this.#begin(json, handler, on, { ...options, heartbeat: false });
      const stop = (): void => task.abort();
      if (options.signal?.aborted) stop();
      options.signal?.addEventListener('abort', stop, { once: true });
      try {
        if (clock && this.clock instanceof BedClock)
          await this.clock.runTask(handler.definition.name, task, clock, ended.promise);
        else await ended.promise;
        return await task.outcome;
      } catch (error) {
        stop();
        this.#wanted.delete(task.context.token);
        throw error;
      } finally {
        this.#open.delete(task);
        options.signal?.removeEventListener('abort', stop);
      }
    });
  }

  #begin(
    json: string,
    handler: BedHandler,
    on: Pick<BedWorld, 'clock' | 'limits' | 'onEnded'> & { readonly onSettled?: () => void },
    options: TaskOptions & StartOptions,
  ): RunningTask<never> {
    const token = options.token ?? `test-bed-${++this.#tasks}`;
    const receivedAt = options.receivedAt?.getTime() ?? this.clock.now();
    this.#wanted.add(token);
    const world = {
      ...this.#world,
      ...on,
      onSettled: () => {
        this.#open.delete(task);
        on.onSettled?.();
      },
      onCompleted: () => this.#wanted.delete(token),
    };
    const task: RunningTask<never> = new RunningTask(
      { token, input: json, receivedAt },
      handler,
      world,
      options,
    );
    this.#open.add(task);
    return task;
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
