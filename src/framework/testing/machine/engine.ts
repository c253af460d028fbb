import { definitionMistakes, machineProblem } from '../../check/definition-mistakes.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import { EvaluationInPlace } from '../../asl/jsonata/evaluator.js';
import type { Machine } from '../../local/engine/machines/machine.js';
import type { Mocks } from '../../local/resources/mocks.js';
import type { HandClock } from '../harness/hand-clock.js';
import type { TestMachineOptions } from '../harness/options.js';
import { statesOf } from '../../asl/definition/state-graph.js';
import { isCallback } from './machine-states.js';
import { classifyReportFailure } from '../../aws/activity-port.js';
import type { ReportRequest } from '../../aws/call.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';
import type { Body } from '../../local/api/request-validation.js';
import { callOperation, ownApi } from '../../local/api/operations/operations.js';
import type { OwnApi } from '../../local/resources/nested-executions.js';
import type { JsonObject } from '../../asl/values/json.js';
import { ServiceError } from '../../local/engine/service-error.js';
import { StepFunctions } from '../../local/engine/step-functions.js';

/** Connects a worker to a Step Functions that runs in this process: handles the four API calls that a worker makes. */
export class EnginePort implements ActivityPort {
  constructor(private readonly stepFunctions: StepFunctions) {}

  poll(activityArn: string, workerName: string): Promise<PollAnswer> {
    return new Promise((resolve) => {
      this.stepFunctions.poll(activityArn, workerName, ({ taskToken, input }) =>
        resolve(taskToken === undefined ? { kind: 'empty' } : { kind: 'task', token: taskToken, input }),
      );
    });
  }

  report({ operation, input }: ReportRequest): Promise<ReportAnswer> {
    return this.#call(operation, input);
  }

  heartbeat(taskToken: string): Promise<ReportAnswer> {
    return this.#call('SendTaskHeartbeat', { taskToken });
  }

  /**
   * Calls the API about a task, with the body that would be sent over the network.
   * @throws ServiceError if Step Functions rejects the call
   */
  async send(operation: string, body: Body): Promise<void> {
    await callOperation(this.stepFunctions, operation, body);
  }

  async #call(operation: string, body: Body): Promise<ReportAnswer> {
    try {
      await this.send(operation, body);
      return { kind: 'ok' };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const told = Object.assign(new Error(error.message), { name: error.type });
      return classifyReportFailure({
        error: told,
        type: error.type,
        status: 400,
        sent: true,
        setup: false,
      });
    }
  }
}

const KEPT_EXECUTIONS = 1_000;

/**
 * An instance of the local Step Functions that contains one machine, those that it starts, and the activities that they
 * use.
 */
export interface Engine {
  readonly stepFunctions: StepFunctions;
  readonly port: EnginePort;
  readonly machine: Machine;
  /** The machines that it starts. */
  readonly nested: readonly Machine[];
  /** The ARNs of the activities of all its machines. */
  readonly arns: readonly string[];
}

/**
 * Creates an instance of the local Step Functions that contains one machine.
 * @param children the machines that it starts. A Task names one by its own name, in any region and account
 * @throws StartError with each mistake in the definitions
 */
export function makeEngine(
  source: MachineSource,
  children: readonly MachineSource[],
  { resources = {}, s3 = {} }: Pick<TestMachineOptions, 'resources' | 's3'>,
  clock: HandClock,
): Engine {
  const sources = [source, ...children];
  throwProblems(sources.flatMap(definitionMistakes).map(machineProblem));
  // No GetActivityTask call ends without a task.
  const settings = {
    pollHoldMs: Number.POSITIVE_INFINITY,
    keptExecutions: KEPT_EXECUTIONS,
    random: () => 0.5,
    s3,
  };
  const answers = sources.map((each) => callbackAnswers(each, resources, children.length > 0));
  const mocks = Object.assign({}, ...answers, resources) as Mocks;
  const machines = new Map<string, Machine>();
  const stepFunctions = new StepFunctions(
    { clock, mocks, api: (made) => apiByName(made, machines), ...settings },
    { evaluator: new EvaluationInPlace(), isAlone: true },
  );
  const create = ({ name, definition, seed }: MachineSource): Machine =>
    stepFunctions.createMachine({ name, definition, ...seed });
  const machine = create(source);
  const nested = children.map(create);
  for (const each of [machine, ...nested]) machines.set(each.name, each);
  const tasks = [...machines.values()].flatMap(({ program }) => program.tasks);
  const arns = new Set(tasks.flatMap(({ activity }) => activity?.activityArn ?? []));
  for (const arn of arns) stepFunctions.activities.create(arn);
  return { stepFunctions, port: new EnginePort(stepFunctions), machine, nested, arns: [...arns] };
}

/** Returns the API of a Step Functions that finds the machine to start by its name. */
function apiByName(stepFunctions: StepFunctions, machines: ReadonlyMap<string, Machine>): OwnApi {
  const api = ownApi(stepFunctions);
  const named = ({ stateMachineArn: arn }: JsonObject): Machine | undefined =>
    typeof arn === 'string' ? machines.get(arn.split(':')[6] ?? arn) : undefined;
  return {
    ...api,
    fix: "give the machine that it starts in `machines`: { machines: { Child: 'state-machines/Child.asl.json' } }",
    has: (operation, body) =>
      api.has(operation, body) && (operation !== 'StartExecution' || !body || named(body) !== undefined),
    call(operation, body, caller) {
      const found = operation === 'StartExecution' ? named(body) : undefined;
      if (found && depthOf(stepFunctions, caller.parent.executionArn) >= DEEPEST) return TOO_DEEP;
      return api.call(operation, found ? { ...body, stateMachineArn: found.arn } : body, caller);
    },
  };
}

/** The most executions that start each other. A test has no other way to end a machine that starts itself. */
const DEEPEST = 100;
const TOO_DEEP = {
  error: {
    type: 'ExecutionLimitExceeded',
    message: `In a test, at most ${DEEPEST} executions start each other`,
  },
};

function depthOf({ executions }: StepFunctions, arn: string): number {
  let depth = 0;
  for (let each = executions.find(arn); each && depth < DEEPEST; depth++)
    each = executions.find(each.startedBy.parent?.executionArn ?? '');
  return depth;
}

const STARTS = 'arn:aws:states:::states:startExecution.waitForTaskToken';

/**
 * Returns a mock with an empty response for each callback (`.waitForTaskToken`) that the test doesn't mock. The result
 * comes later, when the test sends it with the token. A callback that starts one of the test's machines gets no mock.
 */
function callbackAnswers({ name, definition }: MachineSource, resources: Mocks, hasChildren: boolean): Mocks {
  const callbacks = statesOf(definition).filter(
    ({ source: { Resource } }) =>
      isCallback(Resource) && !Object.hasOwn(resources, Resource) && !(hasChildren && Resource === STARTS),
  );
  return Object.fromEntries(callbacks.map((state) => [`${name}.${state.name}`, { output: {} }]));
}
