import { randomOf } from '../../../bench/support/random.js';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import {
  type FaultCall,
  type FaultHook,
  type LocalService,
  startLocalService,
} from '../../../src/framework/local/index.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Work';
const HEARTBEAT_SECONDS = 60;
/** A report is refused for up to this long after it was first sent. */
const LATE_MS = 16_000;

/** What was sent for one task. */
interface Told {
  readonly acceptedFrom: number;
  /** Each outcome that was sent, without repeats. */
  readonly outcomes: Set<string>;
}

/** A service that takes reports late: each is refused for some seconds, whoever sends it. */
export class LateService {
  readonly url: string;
  readonly activityArn = ARN;
  /** The executions whose outcomes the service has accepted, by their numbers. */
  readonly accepted = new Set<number>();
  readonly #service: LocalService;
  readonly #machine: string;
  readonly #told: Map<string, Told>;

  private constructor(service: LocalService, told: Map<string, Told>) {
    this.#service = service;
    this.#told = told;
    this.url = service.url;
    service.seedActivity(ARN);
    const state = { Type: 'Task', Resource: ARN, HeartbeatSeconds: HEARTBEAT_SECONDS, End: true };
    this.#machine = service.seedMachine({
      name: 'Late',
      definition: JSON.stringify({ StartAt: 'Work', States: { Work: state } }),
    });
  }

  static async start(seed: number, executions: number): Promise<LateService> {
    const told = new Map<string, Told>();
    const late: { service?: LateService } = {};
    const random = randomOf(seed);
    const fault: FaultHook = (call) => late.service?.refuse(call, random);
    const service = await startLocalService({
      port: 0,
      fault,
      pollHoldMs: 5_000,
      keptExecutions: executions,
    });
    return (late.service = new LateService(service, told));
  }

  /** Tokens for which more than one outcome was sent. */
  get differing(): number {
    return [...this.#told.values()].filter(({ outcomes }) => outcomes.size > 1).length;
  }

  refuse({ operation, body }: FaultCall, random: () => number): ReturnType<FaultHook> {
    if (operation !== 'SendTaskSuccess' && operation !== 'SendTaskFailure') return undefined;
    const { taskToken, ...outcome } = body as { taskToken: string; output?: string };
    const now = systemClock.now();
    const told = this.#told.get(taskToken) ?? { acceptedFrom: now + random() * LATE_MS, outcomes: new Set() };
    this.#told.set(taskToken, told);
    told.outcomes.add(JSON.stringify([operation, outcome]));
    if (now < told.acceptedFrom) return { kind: 'status', status: 503 };
    const { done } = JSON.parse(outcome.output ?? '{}') as { done?: number };
    if (done !== undefined) this.accepted.add(done);
    return undefined;
  }

  /** Starts an execution. @returns its ARN */
  async start(n: number): Promise<string> {
    const { executionArn } = await this.#call('StartExecution', {
      stateMachineArn: this.#machine,
      input: JSON.stringify({ n }),
    });
    return String(executionArn);
  }

  /** Returns an execution's status, and its output or error. */
  async look(executionArn: string): Promise<{ status: string; output: unknown; error: unknown }> {
    const { status, output, error } = await this.#call('DescribeExecution', { executionArn });
    return { status: String(status), output, error };
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  async #call(operation: string, body: object): Promise<Record<string, unknown>> {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AWSStepFunctions.${operation}`,
    };
    const response = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }
}
