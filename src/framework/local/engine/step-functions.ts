import { systemClock, type Cancel, type Clock } from '../../base/time/clock.js';
import { ScaledClock } from '../../base/time/scaled-clock.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import type { Evaluator } from '../../asl/expression.js';
import { EvaluationThreads } from '../../asl/jsonata/evaluator.js';
import { compileMachine, type SeedMachine } from '../../asl/machine.js';
import type { StateTest } from '../../asl/runtime/state-test.js';
import type { Json } from '../../asl/values/json.js';
import { type MockConfig, TestCases } from '../resources/mock-config.js';
import { Buckets, type Folders } from '../resources/buckets/buckets.js';
import { MockTable, type Mocks } from '../resources/mocks.js';
import type { Lambdas } from '../resources/functions/function-setup.js';
import { Functions } from '../resources/functions/functions.js';
import { HttpTasks } from '../resources/http-tasks.js';
import { NestedExecutions, type OwnApi } from '../resources/nested-executions.js';
import type { SdkPackages } from '../resources/services/service-client.js';
import { endpointIn, type Environment, Services } from '../resources/services/services.js';
import { ResourceList } from '../resources/resource-list.js';
import { Activities, POLL_LIMIT, type PollAnswer } from './activities.js';
import type { Execution, Parent, StartedBy } from './execution.js';
import { Executions } from './executions.js';
import { ChildGroup } from './execution-lists.js';
import type { ChildStarter } from './map-runs/map-run.js';
import { MapRuns } from './map-runs/map-runs.js';
import type { Machine } from './machines/machine.js';
import { Machines, seededHome, type Home } from './machines/machines.js';
import { notRedrivable } from './redrives.js';
import { errors } from './service-error.js';
import { Tags } from './machines/tags.js';
import { TaskTable } from './tasks/open-tasks.js';
import type { TokenMint } from './tasks/task-token.js';
import { KeptBytes } from './heap.js';
import type { StateServices } from '../../asl/runtime/running-execution.js';
import { StateTestExecution } from './state-test.js';

/** The time in which a poll may still arrive that a worker has sent before its polls were ended. */
const LATE_POLLS_MS = 2_000;

export interface StepFunctionsOptions {
  /**
   * The clock for the duration of GetActivityTask calls, for timeouts and for Wait states.
   * @default the system's clock
   */
  clock?: Clock;
  /**
   * Returns a random number from 0 (included) to 1 (excluded), for the jitter of retries and similar.
   * @default Math.random
   */
  random?: () => number;
  /** Issues the task tokens. @default one whose tokens can't be guessed */
  tokens?: TokenMint;
  /** The most milliseconds that a GetActivityTask call waits for a task. @default 60_000 */
  pollHoldMs?: number;
  /** The most finished executions that are kept. If there are more, the oldest are removed. @default 10_000 */
  keptExecutions?: number;
  /**
   * The most bytes of all histories, approximately. If there are more, the oldest finished executions are removed. If
   * that isn't enough, no execution can be started, and a large one that is running fails.
   * @default a third of the heap, at most 1 GiB
   */
  keptBytes?: number;
  /**
   * Mocks for the Task states whose resources aren't activities.
   * @default none: such a Task fails, and a warning about it is logged
   */
  mocks?: Mocks;
  /**
   * The Lambda functions that run in processes of their own, by their names. A handler's path is relative to the
   * working directory.
   * @default none
   */
  lambdas?: Lambdas;
  /**
   * The variables `AWS_ENDPOINT_URL_…` with the URLs of emulators of services, and `AWS_ENDPOINT_URL` for all services.
   * The functions that `lambdas` doesn't have are called at that of Lambda.
   * @default none: no service is called
   */
  env?: Environment;
  /** The AWS SDK of the user's project, by whose clients services are called. @default no service is called */
  packages?: SdkPackages;
  /**
   * The names of the hosts that `http:invoke` may call, in addition to those of this machine. `*.example.com` stands for all
   * names below a domain.
   * @default none
   */
  httpHosts?: readonly string[];
  /**
   * A mock file of Step Functions Local. An execution that is started with `#TestCase` behind the machine's ARN gets the
   * responses of that test case.
   * @default none
   */
  mockConfig?: MockConfig;
  /**
   * Returns the API of the service, for the Tasks that call it.
   * @default none: such a Task needs a mock
   */
  api?: (stepFunctions: StepFunctions) => OwnApi;
  /**
   * The folders that stand for buckets of Amazon S3, by the buckets' names. A Distributed Map reads from them, and writes
   * to them. Other buckets are those of the endpoint in `env`, `AWS_ENDPOINT_URL_S3`, by the client of `packages`.
   * @default {}
   */
  s3?: Folders;
  /** True to log a line for each transition of an execution. @default false */
  verbose?: boolean;
  /** The log for the service's own warnings and errors. @default a log that writes nothing */
  log?: Logger;
}

/** What a test passes in. */
export interface ForTests {
  /** Evaluates JSONata. @default threads */
  readonly evaluator?: Evaluator;
  /** True if executions need not give way to requests: they take the same course on a busy machine. @default false */
  readonly isAlone?: boolean;
}

/**
 * Step Functions in memory, without a network interface. The HTTP API, the console and the test machine each use an
 * instance of it.
 */
export class StepFunctions {
  /** The time of the executions, with timers in real time. */
  readonly clock: Clock;
  readonly tasks: TaskTable;
  readonly activities: Activities;
  readonly machines: Machines;
  readonly executions: Executions;
  readonly mapRuns: MapRuns<Execution>;
  readonly tags = new Tags();
  /** The Lambda functions that run here. */
  readonly functions: Functions;
  /** The test cases of the mock file; undefined if there is none. */
  readonly testCases: TestCases | undefined;
  readonly random: () => number;
  readonly #evaluator: Evaluator;
  readonly #services: StateServices;
  readonly #awsServices: Services;
  readonly #pollHoldMs: number;
  readonly #real: Clock;
  /** True after a call of `endPolls`. Every new GetActivityTask call is then answered at once without a task. */
  #pollsEnded = false;
  /** The workers whose polls are answered at once without a task, and the time until which they are. */
  readonly #endedWorkers = new Map<string, number>();

  constructor(
    options: StepFunctionsOptions = {},
    { evaluator = new EvaluationThreads(), isAlone }: ForTests = {},
  ) {
    const { clock = systemClock, random = Math.random, log = silentLog } = options;
    const { pollHoldMs = 60_000, keptExecutions = 10_000 } = options;
    this.#evaluator = evaluator;
    const { forCallers, real } = clock instanceof ScaledClock ? clock : { forCallers: clock, real: clock };
    const { env = {}, packages, lambdas = {}, httpHosts = [] } = options;
    const lambda = endpointIn(env, 'AWS_ENDPOINT_URL_LAMBDA');
    this.functions = new Functions(lambdas, lambda, env, real, options.log);
    this.#awsServices = new Services(packages, env);
    const resources = new ResourceList(log, [
      new MockTable(options.mocks ?? {}),
      ...(options.api ? [new NestedExecutions(options.api(this), log)] : []),
      this.functions,
      this.#awsServices,
      new HttpTasks(httpHosts, real),
    ]);
    this.testCases = options.mockConfig && new TestCases(options.mockConfig, resources);
    const tasks = (this.tasks = new TaskTable(forCallers, options.tokens, real));
    const activities = (this.activities = new Activities(tasks));
    this.#pollHoldMs = pollHoldMs;
    const buckets = new Buckets(options.s3 ?? {}, packages, env);
    this.#services = { clock, random, tasks, activities, resources, evaluator, buckets };
    this.clock = forCallers;
    this.#real = real;
    this.random = random;
    this.machines = new Machines(clock, resources, log);
    this.mapRuns = new MapRuns((execution, state, mapRunArn, machine) => {
      const { testCase } = execution.startedBy;
      const parent = { executionArn: execution.arn, state, mapRun: new ChildGroup<Execution>(mapRunArn) };
      return this.#childStarter(execution, { parent, ...(testCase && { testCase }) }, machine);
    });
    this.executions = new Executions(
      {
        ...this.#services,
        mapRuns: this.mapRuns,
        log,
        isAlone,
        kept: new KeptBytes(options.keptBytes),
        transitions: options.verbose ? log : undefined,
      },
      keptExecutions,
      (machine) => this.machines.forgetDeleted(machine),
    );
  }

  /**
   * Creates a machine.
   * @param how by which method of {@link Machines}
   * @throws DefinitionError if the definition can't be run
   * @throws ServiceError as that method does
   */
  createMachine(seed: SeedMachine, how: 'create' | 'replace' = 'create'): Machine {
    const { name, definition, type, roleArn, version, ...home } = seed;
    const program = compileMachine(definition, type);
    const fields = { roleArn, type };
    const machine = this.machines[how](name, definition, program, seededHome(program, home), fields);
    if (version) machine.versions.publishSeeded(machine, version, this.clock.now());
    return machine;
  }

  /**
   * Prepares the test of one state.
   * @throws ServiceError ExecutionLimitExceeded while there is no memory for it
   */
  testState(stateTest: StateTest, home: Home, roleArn: string | undefined, input: Json): StateTestExecution {
    if (!this.executions.hasRoom) throw errors.tooManyExecutions();
    return new StateTestExecution(this.#services, stateTest, home, roleArn, input);
  }

  /** Starts an execution with a random name. @param input JSON text */
  start(machine: Machine, input: string): Execution {
    return this.executions.start(machine, undefined, input, JSON.parse(input) as Json);
  }

  /** Returns what starts the children of a map run. @param machine that of the children */
  #childStarter(
    execution: Execution,
    startedBy: StartedBy & { readonly parent: Parent },
    machine: Machine,
  ): ChildStarter {
    const { executions } = this;
    return {
      clock: this.clock,
      hasRoom: () => executions.hasRoom,
      start: (name, input, value, items) => {
        // The deletion of the machine ends the execution before its next child, as it does before its next state.
        execution.onTransition();
        const parent = { ...startedBy.parent, items };
        return executions.start(machine, name, input, value, { ...startedBy, parent });
      },
      redrive: (name) => {
        const child = executions.find(`${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`);
        if (!child || notRedrivable(child, this.clock.now())) return undefined;
        executions.redrive(child, undefined);
        return child;
      },
    };
  }

  /**
   * Handles a GetActivityTask call. Calls `answer` with a task as soon as there is one, or without a task after
   * `pollHoldMs`. The returned function ends the call early, and `answer` is then not called.
   * @throws ServiceError ActivityDoesNotExist, or ActivityWorkerLimitExceeded
   */
  poll(activityArn: string, workerName: string | undefined, answer: (answer: PollAnswer) => void): Cancel {
    const activity = this.activities.get(activityArn);
    if (this.#pollsEnded || this.#isEnded(workerName)) {
      answer({});
      return () => {};
    }
    if (activity.parkedPolls >= POLL_LIMIT) throw errors.tooManyPolls();
    return activity.poll(workerName, this.#pollHoldMs, answer);
  }

  /** Responds without a task to all waiting GetActivityTask calls and, from now on, at once to every new one. */
  endPolls(): void {
    this.#pollsEnded = true;
    for (const activity of this.activities.all()) activity.endPolls();
  }

  /**
   * Responds without a task to the waiting GetActivityTask calls of one worker, and at once to those that still arrive
   * within two seconds. After that, a new worker of the same name gets tasks.
   */
  endPollsOf(workerName: string): void {
    const now = this.#real.now();
    for (const [name, until] of this.#endedWorkers) if (until <= now) this.#endedWorkers.delete(name);
    this.#endedWorkers.set(workerName, now + LATE_POLLS_MS);
    for (const activity of this.activities.all()) activity.endPolls(workerName);
  }

  #isEnded(workerName: string | undefined): boolean {
    return workerName !== undefined && this.#real.now() < (this.#endedWorkers.get(workerName) ?? 0);
  }

  /** The number of GetActivityTask calls that wait for a task. */
  get parkedPolls(): number {
    return this.activities.all().reduce((sum, { parkedPolls }) => sum + parkedPolls, 0);
  }

  /**
   * True while an execution will continue by itself, without any progress of the clock: it waits for its turn of the
   * event loop, for an evaluation in a thread, or for the files of a map run.
   */
  get busy(): boolean {
    return this.#evaluator.busy > 0 || this.executions.isWaiting || this.mapRuns.isBusy;
  }

  /** Ends all GetActivityTask calls, executions and threads. The histories of the executions get no event for it. */
  close(): void {
    this.endPolls();
    this.executions.close();
    this.#evaluator.close();
    this.functions.close();
    this.#awsServices.close();
  }
}
