import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { throwProblems } from '../../base/errors.js';
import { silentLog } from '../../base/log/log.js';
import type { Constructor } from '../../declare/class.js';
import { makeBedHandlers } from '../harness/bed-handlers.js';
import type { HandClock } from '../harness/hand-clock.js';
import { closeBy } from '../harness/open-calls.js';
import {
  BED_OPTIONS,
  checkOptions,
  realTimeLimits,
  type RunOptions,
  type StartOptions,
  type TaskOptions,
  type TestBedOptions,
  unusedProblem,
} from '../harness/options.js';
import { RealWork } from '../work/real-work.js';
import { Bed } from './bed.js';
import { BedClock } from './bed-clock.js';
import type { TaskResult } from './task-result.js';
import type { AnyName, HandlerName, OutputOf, RunArguments } from './handler-types.js';
import type { History, Replay } from './replay.js';
import type { RunningTask } from './running-task.js';

/**
 * Runs tasks through the handlers of some classes, with the same input checks, interceptors and output checks as in a
 * worker.
 * @typeParam T the classes
 * @typeParam Classes the classes by their names, if the test bed was created with names
 */
export interface TestBed<T extends object, Classes = AnyName<T>> {
  /**
   * Returns the instance that was injected for a token: a dependency, a mock, or a handler's own class.
   * @throws an Error if nothing is injected with it, or if several classes have an instance of their own
   */
  get<Value>(token: InjectionToken<Value>): Value;
  /**
   * The dependency injection container of this test bed. It contains the handlers' dependencies and the mocks. To resolve
   * a class with `@injectable()` makes a new instance.
   */
  readonly container: DependencyContainer;
  /**
   * The clock that is injected for `CLOCK`. During `run` it moves on by itself. After `start` it stands still until the
   * test moves it; if a task is then run with `run`, that task gets a clock of its own. The clock doesn't move by itself
   * while a task does real work, such as reading a file. A `HandClock` that the test gives as a mock of `CLOCK` is moved by
   * the test alone, also during `run`, which then has no limit of real time.
   */
  readonly clock: HandClock;
  /**
   * Runs a handler with one task, and resolves with the result that a worker would send to Step Functions, also when
   * the handler's `timeout` has passed. Sends no heartbeats (`start` does). Rejects with an error that names the handler
   * if it has no `timeout` and never settles, takes longer than `realTimeLimit`, or sleeps on `CLOCK` for ever. The
   * arguments are:
   * - `input`, which is converted to JSON and parsed again, like the input of an execution. It can be left out if the
   *   handler takes no input. For an invalid input, write `input as unknown`, which the compiler doesn't check.
   * - `options`: `handler` (as `'Class.method'`; required if the classes have several handlers), and the task's
   *   `token`, `receivedAt` and `signal`.
   */
  run<Input, Name extends HandlerName<Classes> = HandlerName<Classes>>(
    input: Unchecked<Input>,
    options?: RunOptions<Name>,
  ): Promise<TaskResult<OutputOf<Classes, Name>>>;
  run<Name extends HandlerName<Classes> = HandlerName<Classes>>(
    ...args: RunArguments<Classes, Name, RunOptions<Name>>
  ): Promise<TaskResult<OutputOf<Classes, Name>>>;
  /**
   * Runs a task like `run`, but takes the input as text, in the form in which a worker receives it. The text needn't be
   * JSON.
   */
  runText<Name extends HandlerName<Classes> = HandlerName<Classes>>(
    json: string,
    options?: RunOptions<Name>,
  ): Promise<TaskResult<OutputOf<Classes, Name>>>;
  /**
   * Starts a task. The clock then stands still until the test moves it. The arguments are those of `run`, except
   * `signal`: the signal of a started task aborts by `shutdown()`, by `gone()`, and at the task's deadline. The options
   * `heartbeat` and `timeout` override those of the decorators.
   */
  start<Input, Name extends HandlerName<Classes> = HandlerName<Classes>>(
    input: Unchecked<Input>,
    options?: TaskOptions<Name> & StartOptions,
  ): Promise<RunningTask<OutputOf<Classes, Name>>>;
  start<Name extends HandlerName<Classes> = HandlerName<Classes>>(
    ...args: RunArguments<Classes, Name, TaskOptions<Name> & StartOptions>
  ): Promise<RunningTask<OutputOf<Classes, Name>>>;
  /** Starts a task like `start`, but takes the input as text, in the form in which a worker receives it. */
  startText<Name extends HandlerName<Classes> = HandlerName<Classes>>(
    json: string,
    options?: TaskOptions<Name> & StartOptions,
  ): Promise<RunningTask<OutputOf<Classes, Name>>>;
  /**
   * Runs the handlers again with the inputs of a recorded execution, and returns the results that differ from the
   * recorded ones.
   * @param history the output of `aws stepfunctions get-execution-history`: the path of a file, or its content
   */
  replay(history: string | History): Promise<Replay>;
  /**
   * Closes the test bed. Open runs reject, the signals of all tasks abort, and everything in the container is disposed
   * of, including each value that `setup` registered and that has a `dispose()`. Each call returns the same promise.
   * @throws whatever a provider's `dispose` throws, and an Error if disposing takes longer than `realTimeLimit`
   */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The classes of a test bed: one class, a list of classes, or an object with classes by their names, such as `{ One,
 * Two }`.
 */
type Classes = Constructor<object> | readonly Constructor<object>[] | NamedClasses;
type NamedClasses = Readonly<Record<string, Constructor<object>>>;

/** A value about whose type the compiler knows nothing, such as `input as unknown`. */
type Unchecked<Input> = unknown extends Input ? Input : never;

/** The type of the classes' instances. For `any`, the compiler knows nothing about the handlers. */
type InstanceOf<C> = unknown extends C ? C : InstanceOfKnown<C>;

type InstanceOfKnown<C> =
  C extends Constructor<infer T>
    ? T
    : C extends readonly (infer Each)[]
      ? InstanceOf<Each>
      : InstanceOf<C[keyof C]>;

/** The types of the classes' instances, by the names of the classes, if the compiler knows the names. */
type ByName<C> = unknown extends C ? AnyName<C> : ByKnownName<C>;

type ByKnownName<C> = C extends Constructor | readonly unknown[]
  ? AnyName<InstanceOf<C>>
  : { readonly [Name in keyof C]: InstanceOf<C[Name]> };

/**
 * Creates a test bed. It has the container, the checks and the handlers of a worker, but no connection to AWS.
 * @param classes a class, a list of classes, or `{ One, Two }`, for which the compiler checks the handlers' names
 * @throws StartError with every problem because of which a worker wouldn't start, except an unset `${NAME}` in the ARN
 * of an activity
 */
export async function createTestBed<
  const C extends Classes,
  const Tokens extends readonly InjectionToken[] = readonly InjectionToken[],
>(classes: C, options: TestBedOptions<Tokens> = {}): Promise<TestBed<InstanceOf<C> & object, ByName<C>>> {
  checkOptions('createTestBed', BED_OPTIONS, options);
  const work = new RealWork(realTimeLimits(options));
  const clock = new BedClock(work);
  const parts = await makeBedHandlers(listOf(classes), options, clock);
  const bed = new Bed(parts, work.trackAll(parts.handlers, clock), work, options.log ?? silentLog);
  closeBy(options.signal, bed);
  return bed;
}

/** Returns the classes as a list. @throws StartError if a class is given under a name that isn't its own */
function listOf(classes: Classes): readonly Constructor<object>[] {
  if (typeof classes === 'function') return [classes];
  if (isList(classes)) return classes;
  throwProblems(
    Object.entries(classes).flatMap(([name, { name: own }]) =>
      name === own
        ? []
        : unusedProblem(name, `the class that is given by this name is ${own}`, `write { ${own} }`),
    ),
  );
  return Object.values(classes);
}

const isList = (classes: Classes): classes is readonly Constructor<object>[] => Array.isArray(classes);
