import type { DependencyContainer } from 'tsyringe';
import { HandClock } from '../harness/hand-clock.js';
import type { Constructor } from '../../declare/class.js';
import type { Outcome } from '../../worker/handler/outcome/outcome.js';
import { CLOCK } from '../../worker/container/tokens.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import { BedClock } from './bed-clock.js';
import { bedContext } from './bed-context.js';
import type { History } from './history.js';
import { type BedHandler, makeBedHandlers, outcomeOf } from '../harness/bed-handlers.js';
import {
  BED_OPTIONS,
  checkOptions,
  RUN_OPTIONS,
  type RunOptions,
  START_OPTIONS,
  type StartOptions,
  type TestBedOptions,
} from '../harness/options.js';
import { didYouMean } from '../../base/show.js';
import { replay, type Replay } from './replay.js';
import { RunningTask } from './running-task.js';
import type { TaskResult } from './bed-port.js';
import type { HandlerName, InputOf, OutputOf } from './handler-types.js';

/** Runs tasks through the real pipeline of the handlers of some classes. */
export interface TestBed<T extends object> {
  /** The container of this bed, in which handlers and mocks are registered. */
  readonly container: DependencyContainer;
  /**
   * The clock that `CLOCK` injects. During `run` the clock moves ahead by itself; after `start` it stands still until
   * the test moves it.
   */
  readonly clock: HandClock;
  /**
   * Runs a task through its handler and resolves with the result that the worker would report. No heartbeats are sent
   * and no deadline is kept: see `start`. Where the handler never settles, neither does this promise.
   * @param input is written as JSON and parsed, as an execution's input is
   * @param options `handler`, as `'Class.method'`: required where the classes have several handlers
   */
  run<M extends HandlerName<T> = HandlerName<T>>(
    input: InputOf<T, M>,
    options?: RunOptions<M>,
  ): Promise<TaskResult<OutputOf<T, M>>>;
  /** Runs a task as `run` does, with the text of the input as a worker would receive it. The text may be no JSON. */
  runText<M extends HandlerName<T> = HandlerName<T>>(
    json: string,
    options?: RunOptions<M>,
  ): Promise<TaskResult<OutputOf<T, M>>>;
  /**
   * Starts a task on the bed's clock, which stands still until the test moves it.
   * @param options `heartbeat` and `timeout` win over the decorators'.
   */
  start<M extends HandlerName<T> = HandlerName<T>>(
    input: InputOf<T, M>,
    options?: RunOptions<M> & StartOptions,
  ): Promise<RunningTask<OutputOf<T, M>>>;
  /**
   * Runs the input of every task that a worker ended in a recorded execution through its handler, and reports the
   * results that differ.
   * @param history the output of `aws stepfunctions get-execution-history`: the path of a file, or its content
   */
  replay(history: string | History): Promise<Replay>;
}

/**
 * Makes a bed: a worker's container, checks and compiled handlers, without any connection.
 * @throws StartError for every problem that would keep a worker from starting, but for an unset `${NAME}` in the ARN of
 * an activity
 */
export async function createTestBed<C extends Constructor<object>>(
  classes: C | readonly C[],
  options: TestBedOptions = {},
): Promise<TestBed<InstanceType<C>>> {
  checkOptions('createTestBed', BED_OPTIONS, options);
  const list = typeof classes === 'function' ? [classes] : classes;
  const { container, handlers } = await makeBedHandlers(list, options, new BedClock());
  return new Bed<InstanceType<C>>(container, handlers, options.log ?? silentLog);
}

class Bed<T extends object> implements TestBed<T> {
  readonly container: DependencyContainer;
  readonly clock: HandClock;
  readonly #handlers: readonly BedHandler[];
  readonly #log: Logger;
  #tasks = 0;

  constructor(container: DependencyContainer, handlers: readonly BedHandler[], log: Logger) {
    this.container = container;
    this.clock = handClockOf(container);
    this.#handlers = handlers;
    this.#log = log;
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
    const task = new RunningTask<OutputOf<T, M>>({
      ...{ definition, handle, options, clock: this.clock, log: this.#log },
      json: textOf(input),
      token: this.#token(),
    });
    await this.clock.settle();
    return task;
  }

  replay(history: string | History): Promise<Replay> {
    const definitions = this.#handlers.map(({ definition }) => definition);
    return replay(history, definitions, (json, name) => this.#handle(json, this.#find(name)));
  }

  async #handle<Output>(json: string, { definition, handle }: BedHandler): Promise<TaskResult<Output>> {
    const receivedAt = this.clock.now();
    const context = bedContext({ definition, json, token: this.#token(), log: this.#log, receivedAt });
    const work = (): Promise<Outcome> => outcomeOf(handle, json, context);
    return resultOf(await (this.clock instanceof BedClock ? this.clock.runAhead(work) : work()));
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

/** Returns the hand clock that the container has for `CLOCK`; a new one where a mock is another kind of clock. */
function handClockOf(container: DependencyContainer): HandClock {
  const clock = container.resolve(CLOCK);
  return clock instanceof HandClock ? clock : new BedClock();
}

function resultOf<Output>(outcome: Outcome): TaskResult<Output> {
  if (outcome.status === 'failed') return outcome;
  return { status: 'succeeded', output: JSON.parse(outcome.output) as Output };
}
