import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../base/time/clock.js';
import { silentLog, type Logger } from '../base/log/log.js';
import { MockTable, type Mocks } from './resources/mocks.js';
import { compileMachine } from './asl/machine.js';
import { EvaluationThreads } from './asl/jsonata/evaluation-threads.js';
import { createConsole, type ConsoleOptions } from './console/console.js';
import { apiCheck, type Names } from './api/host-check.js';
import { Activities } from './engine/activities.js';
import { activityOperations } from './api/activity-operations.js';
import { checkArn } from './api/request-validation.js';
import type { State } from './api/operation.js';
import { executionOperations } from './api/execution-operations.js';
import { RunningMemory } from './engine/execution.js';
import { Executions } from './engine/executions.js';
import type { FaultHook } from './api/injected-faults.js';
import { machineOperations } from './api/machine-operations.js';
import { Machines, seededHome } from './engine/machines.js';
import { createApiServer } from './api/server.js';
import { taskOperations } from './api/task-operations.js';
import { TaskTable } from './engine/task-table.js';

export interface LocalServiceOptions {
  /** The port to listen on; 0 takes any that is free. @default 8083 */
  port?: number;
  /** The address to listen on. @default '127.0.0.1' */
  host?: string;
  /** All the time there is: holds, deadlines, waits. @default the system's */
  clock?: Clock;
  /** From 0 up to 1, for jittered retries and the like. @default Math.random */
  random?: () => number;
  /** How long GetActivityTask waits for a task, in milliseconds. @default 60_000 */
  pollHoldMs?: number;
  /** How long a poll may still be given a task after its connection has closed, in milliseconds. @default 0 */
  closedPollWindowMs?: number;
  /** The largest body that a request may have. @default 4 MiB */
  bodyLimitBytes?: number;
  /** How many finished executions are remembered; the oldest go first. @default 10_000 */
  keptExecutions?: number;
  /** About how much memory finished executions may take; the oldest go first. @default 256 MiB */
  keptBytes?: number;
  /** About how much memory running executions may take: who asks for more ends. @default 512 MiB */
  runningBytes?: number;
  /** What answers resources that are no activities. @default nothing: a Task that calls one fails, and is warned of */
  mocks?: Mocks;
  /**
   * Which names the service may be called by, beside loopback's and `host`: `NAME`, or `NAME:PORT` where it is reached
   * through another port than its own. A request with another Host is refused. @default []
   */
  allowHosts?: readonly string[];
  /**
   * Which web pages may call it, beside its own: `https://app.test`. A request with another Origin is refused.
   * @default []
   */
  allowOrigins?: readonly string[];
  /** Whether a web page at `/` shows what is in the service, and lets a person work it. @default false */
  console?: boolean | ConsoleOptions;
  /** Where the service's own troubles go. @default nowhere */
  log?: Logger;
  /** What goes wrong with each call. @default nothing does */
  fault?: FaultHook;
}

/** A machine that is there from the beginning. */
export interface SeedMachine {
  readonly name: string;
  readonly definition: string;
  /** Each is that of the machine's first activity, where it is not given. */
  readonly region?: string;
  readonly account?: string;
  readonly partition?: string;
}

/** A Step Functions of one's own, on loopback, for the unmodified SDK and AWS CLI. */
export interface LocalService {
  /** Such as `http://127.0.0.1:8083`. */
  readonly url: string;
  readonly port: number;
  /** Creates the activity of exactly this ARN. @throws ServiceError InvalidArn where it is none */
  seedActivity(arn: string): void;
  /**
   * Creates a machine, and gives its ARN.
   * @throws DefinitionError where the definition cannot be run
   */
  seedMachine(machine: SeedMachine): string;
  /**
   * Creates a machine, or gives an existing one another definition; gives its ARN. Executions that run go on with the
   * definition they began with.
   * @throws DefinitionError where the definition cannot be run
   */
  replaceMachine(machine: SeedMachine): string;
  /** Lets a machine go. Its executions go on to their end. */
  forgetMachine(arn: string): void;
  /** The smallest literal HeartbeatSeconds that a state of any machine has on an activity. */
  heartbeatSecondsOf(activityArn: string): number | undefined;
  /** Answers every parked poll with nothing, now, and from now on every new one at once. */
  endPolls(): void;
  /** The same for the polls of one worker, so that one which drains is given no task any more. */
  endPollsOf(workerName: string): void;
  /** How many polls wait for a task. */
  readonly parkedPolls: number;
  /** Stops listening, drops every connection and forgets everything. Twice is the same promise. */
  close(): Promise<void>;
}

const OPERATIONS = new Map(
  Object.entries({ ...activityOperations, ...taskOperations, ...machineOperations, ...executionOperations }),
);

/** Starts the service. Rejects with Node's own error where it cannot listen, such as one with code EADDRINUSE. */
export async function startLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  const {
    port = 8083,
    host = '127.0.0.1',
    clock = systemClock,
    random = Math.random,
    log = silentLog,
  } = options;
  const { pollHoldMs = 60_000, keptExecutions = 10_000, keptBytes = 256 * 1024 * 1024 } = options;
  const kept = { executions: keptExecutions, bytes: keptBytes };
  const tasks = new TaskTable(clock);
  const activities = new Activities(tasks, clock);
  const mocks = new MockTable(options.mocks ?? {});
  const machines = new Machines(clock, mocks, log);
  const threads = new EvaluationThreads();
  const memory = new RunningMemory(options.runningBytes);
  const executions = new Executions(
    { clock, random, activities, tasks, resources: mocks, threads, memory, log },
    kept,
    (machine) => machines.forgetDeleted(machine),
  );
  const state: State = {
    clock,
    tasks,
    activities,
    machines,
    executions,
    pollHoldMs,
    pollsEnded: false,
    endedWorkers: new Set(),
  };
  const names: Names = {
    host,
    port: () => (server.address() as AddressInfo).port,
    allowHosts: options.allowHosts ?? [],
    allowOrigins: options.allowOrigins ?? [],
  };
  const bodyLimitBytes = options.bodyLimitBytes ?? 4 * 1024 * 1024;
  const asked = options.console === true ? {} : options.console;
  const server = createApiServer({
    console: asked
      ? createConsole({ ...asked, names, state, operations: OPERATIONS, bodyLimitBytes, log })
      : undefined,
    clock,
    log,
    fault: options.fault,
    isAllowed: apiCheck(names),
    closedPollWindowMs: options.closedPollWindowMs ?? 0,
    bodyLimitBytes,
    operations: OPERATIONS,
    perform: (operation, call) => operation(call, state),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port: bound } = server.address() as AddressInfo;
  const endPolls = (): void => {
    state.pollsEnded = true;
    for (const activity of activities.all()) activity.endPolls();
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    seedActivity: (arn) => void activities.create(checkArn(arn, 'activity')),
    seedMachine: ({ name, definition, ...asked }) => {
      const program = compileMachine(definition);
      return machines.create(name, definition, program, seededHome(program, asked)).arn;
    },
    replaceMachine: ({ name, definition, ...asked }) => {
      const program = compileMachine(definition);
      return machines.replace(name, definition, program, seededHome(program, asked)).arn;
    },
    forgetMachine: (arn) => machines.forget(arn),
    heartbeatSecondsOf: (arn) => machines.heartbeatSecondsOf(arn),
    endPolls,
    endPollsOf: (workerName) => {
      state.endedWorkers.add(workerName);
      for (const activity of activities.all()) activity.endPolls(workerName);
    },
    get parkedPolls() {
      return activities.all().reduce((sum, { parkedPolls }) => sum + parkedPolls, 0);
    },
    close: () =>
      (closing ??= new Promise((resolve) => {
        endPolls();
        executions.close();
        threads.close();
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}
