import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../base/log/log.js';
import { show } from '../base/show.js';
import { systemClock } from '../base/time/clock.js';
import { OPERATIONS, ownApi } from './api/operations/operations.js';
import { apiCheck, type Names } from './api/host-check.js';
import type { FaultHook } from './api/injected-faults.js';
import { BodyReader } from './api/request-body.js';
import { checkArn } from './api/request-validation.js';
import { createApiServer } from './api/server.js';
import type { Service } from './api/operation.js';
import { isScale, LARGEST_SCALE, LEAST_SCALE, ScaledClock } from '../base/time/scaled-clock.js';
import { ServiceRoutes } from './api/service-routes.js';
import { Console, type ConsoleOptions } from './console/console.js';
import { McpEndpoint } from './mcp/mcp-endpoint.js';
import type { Lambdas } from './resources/functions/function-setup.js';
import type { SeedMachine } from '../asl/machine.js';
import { StepFunctions, type StepFunctionsOptions } from './engine/step-functions.js';

export interface LocalServiceOptions extends Omit<StepFunctionsOptions, 'api'> {
  /** The port to listen on; 0 for any free port. @default 8083 */
  port?: number;
  /** The address to listen on. @default '127.0.0.1' */
  host?: string;
  /**
   * How long a GetActivityTask call stays open in the service after its connection has closed, in milliseconds.
   * @default 0
   */
  closedPollWindowMs?: number;
  /** The most bytes that the body of a request may have. @default 4 MiB */
  bodyLimitBytes?: number;
  /**
   * Further host names of the service, in addition to those of loopback and to `host`: `NAME`, or `NAME:PORT` if
   * clients reach the service through another port. A request with any other Host header is rejected.
   * @default []
   */
  allowHosts?: readonly string[];
  /**
   * The origins of other web pages that may send requests to the service, such as `https://app.test`. A request from
   * any other page is rejected.
   * @default []
   */
  allowOrigins?: readonly string[];
  /**
   * True to serve a web page at `/` that shows and controls the service, and the same for agents at `/mcp` (Model
   * Context Protocol). @default false
   */
  console?: boolean | ConsoleOptions;
  /**
   * The number of seconds that pass for executions in a real second: with 60, a Wait of an hour takes a minute. The deadlines of
   * tasks, which workers hold, and the polls of workers keep real time.
   * @default 1
   */
  timeScale?: number;
  /** Called before each call of the API. Returns a fault to inject into it, or undefined. @default none */
  fault?: FaultHook;
}

/** A server on your own machine that behaves like Step Functions, for the unmodified AWS SDK and AWS CLI. */
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
  /**
   * Replaces the Lambda functions, and loads those again that stay, since their code may have changed. Invocations that run
   * go on.
   * @throws StartError if a function is configured in no valid form
   */
  replaceFunctions(lambdas: Lambdas): void;
  /** Removes a machine at once. Its running executions continue. */
  forgetMachine(arn: string): void;
  /**
   * Returns the smallest HeartbeatSeconds in all Task states of all machines that use the activity. Only a
   * HeartbeatSeconds that is a number in the definition counts. Returns undefined if there is none.
   */
  heartbeatSecondsOf(activityArn: string): number | undefined;
  /** Responds without a task to all waiting GetActivityTask calls and, from now on, at once to every new one. */
  endPolls(): void;
  /**
   * Responds without a task to the waiting GetActivityTask calls of one worker, and at once to those that still arrive
   * within two seconds. A worker that is shutting down then gets no more tasks.
   */
  endPollsOf(workerName: string): void;
  /** The number of GetActivityTask calls that wait for a task. */
  readonly parkedPolls: number;
  /** Stops listening, closes all connections and drops all data. Each call returns the same promise. */
  close(): Promise<void>;
}

/** @throws TypeError if the time scale isn't a number in its range */
function checkedScale(scale: number): number {
  if (isScale(scale)) return scale;
  throw new TypeError(
    `Expected timeScale to be a number from ${LEAST_SCALE} to ${LARGEST_SCALE}, got ${show(scale)}`,
  );
}

/** Starts the service. @throws Node's own error if the service can't listen, such as one with the code EADDRINUSE */
export async function startLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  const { port = 8083, host = '127.0.0.1' } = options;
  const clock = new ScaledClock(options.clock ?? systemClock);
  if (options.timeScale !== undefined) clock.change({ scale: checkedScale(options.timeScale) });
  const stepFunctions = new StepFunctions({ ...options, clock, api: ownApi });
  const server = createServer(stepFunctions, clock, host, options);
  await listen(server, port, host);
  return serviceOf(stepFunctions, server, host);
}

/** Creates the server of the API and, if the option `console` is set, of the console and its tools. */
function createServer(
  stepFunctions: StepFunctions,
  clock: ScaledClock,
  host: string,
  options: LocalServiceOptions,
): Server {
  const { allowHosts = [], allowOrigins = [], bodyLimitBytes = 4 * 1024 * 1024, log = silentLog } = options;
  const names: Names = { host, port: () => portOf(server), allowHosts, allowOrigins };
  const asked = options.console === true ? {} : options.console;
  const bodies = new BodyReader(bodyLimitBytes);
  const isAllowed = apiCheck(names);
  const service: Service = { stepFunctions, operations: OPERATIONS, bodies, names, isAllowed, log };
  const server = createApiServer({
    ...service,
    handlers: [
      new ServiceRoutes(clock, service),
      ...(asked ? [new Console(service, asked), new McpEndpoint(service, asked)] : []),
    ],
    fault: options.fault,
    closedPollWindowMs: options.closedPollWindowMs ?? 0,
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
    replaceMachine: (machine) => stepFunctions.createMachine(machine, 'replace').arn,
    replaceFunctions: (lambdas) => stepFunctions.functions.replace(lambdas),
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
