import type { DependencyContainer } from 'tsyringe';
import { HandClock } from '../harness/hand-clock.js';
import type { Constructor } from '../../declare/class.js';
import type { Outcome } from '../../worker/handler/outcome/outcome.js';
import { TaskAborted } from '../../declare/task-context.js';
import { CLOCK } from '../../worker/container/tokens.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import { BedClock } from './bed-clock.js';
import { bedContext } from './bed-context.js';
import type { History } from './history.js';
import { type BedHandler, makeBedHandlers, outcomeOf } from '../harness/bed-handlers.js';
import {
  BED_OPTIONS,
  checkOptions,
  realTimeLimits,
  RUN_OPTIONS,
  type RunOptions,
  START_OPTIONS,
  type StartOptions,
  type TestBedOptions,
} from '../harness/options.js';
import { closeBy, OpenCalls } from '../harness/open-calls.js';
import { RealWork } from '../harness/real-work.js';
import { didYouMean } from '../../base/show.js';
import { replay, type Replay } from './replay.js';
import { RunningTask } from './running-task.js';
import type { TaskResult } from './bed-port.js';
import type { HandlerName, InputOf, OutputOf } from './handler-types.js';

/**
 * Runs tasks through the handlers of some classes, with the same input checks, interceptors and output checks as in a
 * worker.
 */
export interface TestBed<T extends object> {
  /** The container of this bed, in which the handlers' dependencies and the mocks are registered. */
  readonly container: DependencyContainer;
  /**
   * The clock that is injected for `CLOCK`. During `run` it moves on by itself. After `start` it stands still until the
   * test moves it, and a task that is then run with `run` has its own clock. The clock doesn't move while a task does
   * real work, such as reading a file.
   */
  readonly clock: HandClock;
  /**
   * Runs a task through its handler, and resolves with the result that the worker would report. Sends no heartbeats and
   * enforces no deadline; `start` does both. Rejects with an error that names the handler if the handler never settles,
   * takes longer than `realTimeLimit`, or sleeps on `CLOCK` for ever.
   * @param input is written as JSON and parsed again, as the input of an execution is
   * @param options `handler`, as `'Class.method'`: required if the classes have several handlers
   */
  run<M extends HandlerName<T> = HandlerName<T>>(
    input: InputOf<T, M>,
    options?: RunOptions<M>,
  ): Promise<TaskResult<OutputOf<T, M>>>;
  /** Runs a task like `run`, but is given the input's text as a worker would receive it. The text needn't be JSON. */
  runText<M extends HandlerName<T> = HandlerName<T>>(
    json: string,
    options?: RunOptions<M>,
  ): Promise<TaskResult<OutputOf<T, M>>>;
  /**
   * Starts a task. The bed's clock then stands still until the test moves it.
   * @param options `heartbeat` and `timeout` override those of the decorators.
   */
  start<M extends HandlerName<T> = HandlerName<T>>(
    input: InputOf<T, M>,
    options?: RunOptions<M> & StartOptions,
  ): Promise<RunningTask<OutputOf<T, M>>>;
  /**
   * Takes every task that a worker ended in a recorded execution, runs its input through its handler, and reports the
   * results that differ from the recorded ones.
   * @param history the output of `aws stepfunctions get-execution-history`: the path of a file, or its content
   */
  replay(history: string | History): Promise<Replay>;
  /**
   * Closes the bed: open runs reject, the signals of all tasks abort, and the providers are disposed of, including each
   * value that `setup` registered and that has a `dispose()`. Each call returns the same promise.
   * @throws whatever a provider throws, and an Error if disposing takes longer than `realTimeLimit`
   */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a bed: a worker's container, checks and compiled handlers, without any connection.
 * @throws StartError with every problem because of which a worker wouldn't start, except for an unset `${NAME}` in the
 * ARN of an activity
 */
export async function createTestBed<C extends Constructor<object>>(
  classes: C | readonly C[],
  options: TestBedOptions = {},
): Promise<TestBed<InstanceType<C>>> {
  checkOptions('createTestBed', BED_OPTIONS, options);
  const list = typeof classes === 'function' ? [classes] : classes;
  const work = new RealWork(realTimeLimits(options));
  const parts = await makeBedHandlers(list, options, new BedClock(work));
  const bed = new Bed<InstanceType<C>>({
    ...parts,
    handlers: work.trackAll(parts.handlers),
    work,
    log: options.log ?? silentLog,
  });
  closeBy(options.signal, bed);
  return bed;
}

interface BedParts {
  readonly container: DependencyContainer;
  readonly dispose: () => Promise<void>;
  readonly handlers: readonly BedHandler[];
  readonly work: RealWork;
  readonly log: Logger;
}

class Bed<T extends object> implements TestBed<T> {
  readonly container: DependencyContainer;
  readonly clock: HandClock;
  readonly #handlers: readonly BedHandler[];
  readonly #log: Logger;
  readonly #work: RealWork;
  readonly #dispose: () => Promise<void>;
  readonly #calls = new OpenCalls();
  /** For each task that has not settled, a function that aborts its signal. */
  readonly #aborts = new Set<() => void>();
  #tasks = 0;
  #closing: Promise<void> | undefined;

  constructor({ container, dispose, handlers, work, log }: BedParts) {
    this.container = container;
    this.clock = handClockOf(container, work);
    this.#handlers = handlers;
    this.#log = log;
    this.#work = work;
    this.#dispose = dispose;
  }

  async run<M extends HandlerName<T>>(
    input: InputOf<T, M>,
    options?: RunOptions<M>,
  ): Promise<TaskResult<OutputOf<T, M>>> {
    return this.runText(textOf(input), options);
  }

  async runText<M extends HandlerName<T>>(
    json: string,
    options: RunOptions<M> = {},
  ): Promise<TaskResult<OutputOf<T, M>>> {
    checkOptions('run', RUN_OPTIONS, options);
    return this.#handle(json, this.#find(options.handler));
  }

  async start<M extends HandlerName<T>>(
    input: InputOf<T, M>,
    options: RunOptions<M> & StartOptions = {},
  ): Promise<RunningTask<OutputOf<T, M>>> {
    checkOptions('start', START_OPTIONS, options);
    const { definition, handle } = this.#find(options.handler);
    return this.#calls.call(async () => {
      const clock = this.clock instanceof BedClock ? this.clock : undefined;
      if (clock) clock.started++;
      const task: RunningTask<OutputOf<T, M>> = new RunningTask({
        ...{ definition, handle, options, clock: this.clock, log: this.#log },
        json: textOf(input),
        token: this.#token(),
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

  async #handle<Output>(json: string, { definition, handle }: BedHandler): Promise<TaskResult<Output>> {
    const aborter = new AbortController();
    const context = bedContext({
      ...{ definition, json, token: this.#token(), log: this.#log, signal: aborter.signal },
      receivedAt: this.clock.now(),
    });
    const { name } = definition;
    const work = (): Promise<Outcome> => outcomeOf(handle, json, context);
    const abort = (): void => aborter.abort(new TaskAborted('shutdown', 'the test ended'));
    this.#aborts.add(abort);
    try {
      const outcome = await this.#calls.call((fail) =>
        this.clock instanceof BedClock ? this.clock.runTask({ name, context, fail }, work) : work(),
      );
      return resultOf(outcome);
    } catch (error) {
      abort();
      throw error;
    } finally {
      this.#aborts.delete(abort);
    }
  }

  #token(): string {
    return `test-bed-${++this.#tasks}`;
  }

  #find(name: string | undefined): BedHandler {
    const list = this.#handlers.map(({ definition }) => definition.name);
    if (name === undefined) {
      const [only, second] = this.#handlers;
      if (only && !second) return only;
      throw new Error(
        `This bed has several handlers; name one: run(input, { handler: '…' }). There are: ${list.join(', ')}`,
      );
    }
    const found = this.#handlers.find(({ definition }) => definition.name === name);
    if (!found) throw new Error(`This bed has no handler '${name}': ${didYouMean(name, list)}`);
    return found;
  }
}

const textOf = (input: unknown): string => JSON.stringify(input) ?? 'null';

/**
 * Returns the hand clock that the container has for `CLOCK`. If a mock puts another kind of clock there, returns a new
 * hand clock.
 */
function handClockOf(container: DependencyContainer, work: RealWork): HandClock {
  const clock = container.resolve(CLOCK);
  return clock instanceof HandClock ? clock : new BedClock(work);
}

function resultOf<Output>(outcome: Outcome): TaskResult<Output> {
  if (outcome.status === 'failed') return outcome;
  return { status: 'succeeded', output: JSON.parse(outcome.output) as Output };
}
