import { definitionMistakes, machineProblem } from '../../check/definition-mistakes.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import { EvaluationInPlace } from '../../local/asl/jsonata/evaluator.js';
import type { Machine } from '../../local/engine/machines/machines.js';
import type { Mocks } from '../../local/resources/mocks.js';
import type { HandClock } from '../harness/hand-clock.js';
import { isCallback, statesOf } from './machine-states.js';
import { classifyReportFailure } from '../../aws/failure.js';
import type { ReportRequest } from '../../aws/call.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';
import type { Body } from '../../local/api/request-validation.js';
import { callOperation, ownApi } from '../../local/api/operations/operations.js';
import { ServiceError } from '../../local/engine/service-error.js';
import { StepFunctions } from '../../local/engine/step-functions.js';

/** Connects a worker to a Step Functions that runs in this process: handles the four API calls that a worker makes. */
export class EnginePort implements ActivityPort {
  readonly #stepFunctions: StepFunctions;

  constructor(stepFunctions: StepFunctions) {
    this.#stepFunctions = stepFunctions;
  }

  poll(activityArn: string, workerName: string): Promise<PollAnswer> {
    return new Promise((resolve) => {
      this.#stepFunctions.poll(activityArn, workerName, ({ taskToken, input }) =>
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
    await callOperation(this.#stepFunctions, operation, body);
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

/** An instance of the local Step Functions that contains one machine and the activities that it uses. */
export interface Engine {
  readonly stepFunctions: StepFunctions;
  readonly port: EnginePort;
  readonly machine: Machine;
  readonly arns: readonly string[];
}

/**
 * Creates an instance of the local Step Functions that contains one machine.
 * @throws StartError with each mistake in the definition
 */
export function makeEngine(source: MachineSource, resources: Mocks, clock: HandClock): Engine {
  throwProblems(definitionMistakes(source).map(machineProblem));
  // No GetActivityTask call ends without a task.
  const settings = {
    pollHoldMs: Number.POSITIVE_INFINITY,
    keptExecutions: KEPT_EXECUTIONS,
    random: () => 0.5,
  };
  const mocks = { ...callbackAnswers(source, resources), ...resources };
  const stepFunctions = new StepFunctions(
    { clock, mocks, api: ownApi, ...settings },
    { evaluator: new EvaluationInPlace(), isAlone: true },
  );
  const { name, definition, seed } = source;
  const machine = stepFunctions.createMachine({ name, definition, ...seed });
  const arns = new Set(machine.program.tasks.flatMap(({ activity }) => activity?.activityArn ?? []));
  for (const arn of arns) stepFunctions.activities.create(arn);
  return { stepFunctions, port: new EnginePort(stepFunctions), machine, arns: [...arns] };
}

/**
 * Returns a mock with an empty response for each callback (`.waitForTaskToken`) that the test doesn't mock. The result
 * comes later, when the test sends it with the token.
 */
function callbackAnswers({ name, definition }: MachineSource, resources: Mocks): Mocks {
  const callbacks = statesOf(definition).filter(
    ({ source: { Resource } }) => isCallback(Resource) && !Object.hasOwn(resources, Resource),
  );
  return Object.fromEntries(callbacks.map((state) => [`${name}.${state.name}`, { output: {} }]));
}
