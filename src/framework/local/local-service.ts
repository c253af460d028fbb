import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../base/log/log.js';
import { activityOperations } from './api/operations/activity-operations.js';
import { aliasOperations } from './api/operations/alias-operations.js';
import { executionOperations } from './api/operations/execution-operations.js';
import { apiCheck, type Names } from './api/host-check.js';
import type { FaultHook } from './api/injected-faults.js';
import { machineOperations } from './api/operations/machine-operations.js';
import { BodyReader } from './api/request-body.js';
import { checkArn } from './api/request-validation.js';
import { createApiServer } from './api/server.js';
import { tagOperations } from './api/operations/tag-operations.js';
import { taskOperations } from './api/operations/task-operations.js';
import { validateOperations } from './api/operations/validate-operation.js';
import { versionOperations } from './api/operations/version-operations.js';
import { Console, type ConsoleOptions } from './console/console.js';
import { StepFunctions, type SeedMachine, type StepFunctionsOptions } from './engine/step-functions.js';

export interface LocalServiceOptions extends StepFunctionsOptions {
  /** The port to listen on; 0 for any free port. @default 8083 */
  port?: number;
  /** The address to listen on. @default '127.0.0.1' */
  host?: string;
  /** The most milliseconds that a poll stays open after its connection has closed. @default 0 */
  closedPollWindowMs?: number;
  /** The largest body that a request may have, in bytes. @default 4 MiB */
  bodyLimitBytes?: number;
  /**
   * More names of the service, in addition to those of loopback and `host`: `NAME`, or `NAME:PORT` if clients reach the
   * service through another port. A request with any other Host is rejected. @default []
   */
  allowHosts?: readonly string[];
  /**
   * The origins of web pages that may call the service, in addition to its own, such as `https://app.test`. A request
   * with any other Origin is rejected. @default []
   */
  allowOrigins?: readonly string[];
  /** True to serve a web page at `/` that shows and controls the service. @default false */
  console?: boolean | ConsoleOptions;
  /** Returns the fault to inject into a call. @default none */
  fault?: FaultHook;
}

/** Your own Step Functions, on this machine, for the unmodified AWS SDK and AWS CLI. */
export interface LocalService {
  /** The URL of the service, such as `http://127.0.0.1:8083`. */
  readonly url: string;
  readonly port: number;
  /**
   * Creates an activity with exactly this ARN.
   * @throws ServiceError InvalidArn if `arn` isn't the ARN of an activity
   */
  seedActivity(arn: string): void;
  /** Creates a machine, and returns its ARN. @throws DefinitionError if the definition can't be run */
  seedMachine(machine: SeedMachine): string;
  /**
   * Creates a machine, and returns its ARN. If a machine with this name exists, replaces its definition; running
   * executions keep the definition with which they started.
   * @throws DefinitionError if the definition can't be run
   */
  replaceMachine(machine: SeedMachine): string;
  /** Removes a machine at once. Its running executions continue to their end. */
  forgetMachine(arn: string): void;
  /**
   * Returns the smallest HeartbeatSeconds that is written as a number in any state that uses the activity, in all
   * machines. Returns undefined if there is none.
   */
  heartbeatSecondsOf(activityArn: string): number | undefined;
  /** Answers all waiting polls without a task. From now on, answers every new poll at once. */
  endPolls(): void;
  /**
   * Answers the waiting polls of one worker without a task. From now on, answers every new poll of that worker at once,
   * so that a draining worker gets no more tasks.
   */
  endPollsOf(workerName: string): void;
  /** The number of polls that wait for a task. */
  readonly parkedPolls: number;
  /** Stops listening, closes all connections and forgets everything. Each call returns the same promise. */
  close(): Promise<void>;
}

const OPERATIONS = new Map(
  Object.entries({
    ...activityOperations,
    ...taskOperations,
    ...machineOperations,
    ...versionOperations,
    ...aliasOperations,
    ...tagOperations,
    ...validateOperations,
    ...executionOperations,
  }),
);

/** Starts the service. @throws Node's own error if the service can't listen, such as one with the code EADDRINUSE */
export async function startLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  const { port = 8083, host = '127.0.0.1' } = options;
  const stepFunctions = new StepFunctions(options);
  const server = createServer(stepFunctions, host, options);
  await listen(server, port, host);
  return serviceOf(stepFunctions, server, host);
}

/** Creates the server of the API and, if the option `console` is set, of the console. */
function createServer(stepFunctions: StepFunctions, host: string, options: LocalServiceOptions): Server {
  const { allowHosts = [], allowOrigins = [], bodyLimitBytes = 4 * 1024 * 1024, log = silentLog } = options;
  const names: Names = { host, port: () => portOf(server), allowHosts, allowOrigins };
  const asked = options.console === true ? {} : options.console;
  const bodies = new BodyReader(bodyLimitBytes);
  const shared = { stepFunctions, operations: OPERATIONS, bodies, log };
  const server = createApiServer({
    ...shared,
    fault: options.fault,
    isAllowed: apiCheck(names),
    closedPollWindowMs: options.closedPollWindowMs ?? 0,
    console: asked ? new Console({ ...asked, ...shared, names }) : undefined,
  });
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function serviceOf(stepFunctions: StepFunctions, server: Server, host: string): LocalService {
  const { activities, machines } = stepFunctions;
  const port = portOf(server);
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    seedActivity: (arn) => void activities.create(checkArn(arn, 'activity')),
    seedMachine: (machine) => stepFunctions.createMachine(machine).arn,
    replaceMachine: (machine) => stepFunctions.replaceMachine(machine).arn,
    forgetMachine: (arn) => machines.forget(arn),
    heartbeatSecondsOf: (arn) => machines.heartbeatSecondsOf(arn),
    endPolls: () => stepFunctions.endPolls(),
    endPollsOf: (workerName) => stepFunctions.endPollsOf(workerName),
    get parkedPolls() {
      return stepFunctions.parkedPolls;
    },
    close: () =>
      (closing ??= new Promise((resolve) => {
        stepFunctions.close();
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}
