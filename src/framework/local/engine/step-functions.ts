import { systemClock, type Cancel, type Clock } from '../../base/time/clock.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import { EvaluationThreads } from '../asl/jsonata/evaluation-threads.js';
import { compileMachine } from '../asl/machine.js';
import type { Json } from '../asl/values/json.js';
import { MockTable, type Mocks } from '../resources/mocks.js';
import { Activities } from './activities.js';
import { POLL_LIMIT, type PollAnswer } from './activity.js';
import type { Execution } from './execution.js';
import { Executions } from './executions.js';
import { Machines, seededHome, type Machine } from './machines/machines.js';
import { keptBytesByDefault, RunningMemory } from './answers/memory.js';
import { errors } from './answers/service-error.js';
import { Tags } from './machines/tags.js';
import { TaskTable } from './task-table.js';

export interface StepFunctionsOptions {
  /** The clock for open polls, for timeouts and for Wait states. @default the system's */
  clock?: Clock;
  /**
   * Returns a random number from 0 (included) to 1 (excluded), for jittered retries and similar. @default Math.random
   */
  random?: () => number;
  /** The most milliseconds that a GetActivityTask call waits for a task. @default 60_000 */
  pollHoldMs?: number;
  /** The most finished executions that are kept. If there are more, the oldest are forgotten. @default 10_000 */
  keptExecutions?: number;
  /**
   * The approximate number of bytes that finished executions may take. If they take more, the oldest are forgotten.
   * @default 12 % of the heap, at most 256 MiB
   */
  keptBytes?: number;
  /**
   * The approximate number of bytes that running executions may take. While they take more, an execution that needs
   * further memory fails, and no execution can be started. @default 30 % of the heap, at most 512 MiB
   */
  runningBytes?: number;
  /**
   * Mocks that answer the Tasks whose resources are not activities. @default none: a Task that calls such a resource
   * fails, and the log warns of it
   */
  mocks?: Mocks;
  /** Gets the service's own warnings and errors. @default a log that writes nothing */
  log?: Logger;
}

/** A machine that is created without a request to the API. */
export interface SeedMachine {
  readonly name: string;
  readonly definition: string;
  /**
   * The machine's region. If it isn't given, it is the region of the machine's first activity; the same is true of
   * `account` and `partition`.
   */
  readonly region?: string;
  readonly account?: string;
  readonly partition?: string;
}

/**
 * Step Functions in memory, without a network interface. The HTTP API, the console and the test machine each use an
 * instance of it.
 */
export class StepFunctions {
  readonly clock: Clock;
  readonly tasks: TaskTable;
  readonly activities: Activities;
  readonly machines: Machines;
  readonly executions: Executions;
  readonly tags = new Tags();
  readonly random: () => number;
  readonly #threads = new EvaluationThreads();
  readonly #pollHoldMs: number;
  /** True once `endPolls` was called. Every new poll is then answered at once, without a task. */
  #pollsEnded = false;
  readonly #endedWorkers = new Set<string>();

  constructor(options: StepFunctionsOptions = {}) {
    const { clock = systemClock, random = Math.random, log = silentLog } = options;
    const { pollHoldMs = 60_000, keptExecutions = 10_000, keptBytes = keptBytesByDefault() } = options;
    const resources = new MockTable(options.mocks ?? {});
    const tasks = new TaskTable(clock);
    const activities = new Activities(tasks, clock);
    const [threads, memory] = [this.#threads, new RunningMemory(options.runningBytes)];
    this.#pollHoldMs = pollHoldMs;
    this.clock = clock;
    this.random = random;
    this.tasks = tasks;
    this.activities = activities;
    this.machines = new Machines(clock, resources, log);
    this.executions = new Executions(
      { clock, random, log, resources, tasks, activities, threads, memory },
      { executions: keptExecutions, bytes: keptBytes },
      (machine) => this.machines.forgetDeleted(machine),
    );
  }

  /**
   * Creates a machine. If a machine with the same name and exactly the same definition exists, returns that one.
   * @throws DefinitionError if the definition can't be run
   * @throws ServiceError as {@link Machines.create} does
   */
  createMachine({ name, definition, ...home }: SeedMachine): Machine {
    const program = compileMachine(definition);
    return this.machines.create(name, definition, program, seededHome(program, home));
  }

  /**
   * Creates a machine. If a machine with this name exists, replaces its definition.
   * @throws DefinitionError if the definition can't be run
   * @throws ServiceError as {@link Machines.replace} does
   */
  replaceMachine({ name, definition, ...home }: SeedMachine): Machine {
    const program = compileMachine(definition);
    return this.machines.replace(name, definition, program, seededHome(program, home));
  }

  /** Starts an execution with a random name. @param input JSON text */
  start(machine: Machine, input: string): Execution {
    return this.executions.start(machine, undefined, input, JSON.parse(input) as Json);
  }

  /**
   * Polls an activity. Answers with a task as soon as there is one, or without a task if there was none in time. The
   * returned function withdraws the poll without an answer.
   * @throws ServiceError ActivityDoesNotExist, or ActivityWorkerLimitExceeded
   */
  poll(activityArn: string, workerName: string | undefined, answer: (answer: PollAnswer) => void): Cancel {
    const activity = this.activities.get(activityArn);
    if (this.#pollsEnded || (workerName !== undefined && this.#endedWorkers.has(workerName))) {
      answer({});
      return () => {};
    }
    if (activity.parkedPolls >= POLL_LIMIT) throw errors.tooManyPolls();
    return activity.poll(workerName, this.#pollHoldMs, answer);
  }

  /** Answers all waiting polls without a task. From now on, answers every new poll at once. */
  endPolls(): void {
    this.#pollsEnded = true;
    for (const activity of this.activities.all()) activity.endPolls();
  }

  /**
   * Answers the waiting polls of one worker without a task. From now on, answers every new poll of that worker at once.
   */
  endPollsOf(workerName: string): void {
    this.#endedWorkers.add(workerName);
    for (const activity of this.activities.all()) activity.endPolls(workerName);
  }

  /** The number of polls that wait for a task. */
  get parkedPolls(): number {
    return this.activities.all().reduce((sum, { parkedPolls }) => sum + parkedPolls, 0);
  }

  /** True while an execution waits for its turn of the event loop or for a thread, and not for a time on the clock. */
  get busy(): boolean {
    if (this.#threads.busy > 0) return true;
    for (const { stepCounter } of this.executions.startedAfter(0)) if (stepCounter.waiting > 0) return true;
    return false;
  }

  /** Ends all polls, executions and threads. No event is recorded for the executions. */
  close(): void {
    this.endPolls();
    this.executions.close();
    this.#threads.close();
  }
}
