import { EvaluationInPlace } from '../../src/framework/asl/jsonata/evaluator.js';
import { StepFunctions } from '../../src/framework/local/engine/step-functions.js';
import { TokenMint } from '../../src/framework/local/engine/tasks/task-token.js';
import { ServiceError } from '../../src/framework/local/engine/service-error.js';
import { activityOperations } from '../../src/framework/local/api/operations/activity-operations.js';
import { taskOperations } from '../../src/framework/local/api/operations/task-operations.js';
import type { Call } from '../../src/framework/local/api/operation.js';
import { Checker } from '../../src/framework/local/api/request-validation.js';
import type { Execution } from '../../src/framework/local/engine/execution.js';
import type { Machine } from '../../src/framework/local/engine/machines/machine.js';
import type { Chronicle, Lease, Outcome } from './chronicle.js';
import { HANDLERS, type HandlerKey, type OperationName, type Plan } from './plan.js';
import { byteStream, stream } from './random.js';
import { SimulatedProcess, type Timeline } from './timeline.js';
import type { Troubles } from './troubles.js';

/** A request as it left a worker. */
export interface Request {
  readonly operation: OperationName;
  readonly body: Readonly<Record<string, string>>;
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** The worker's number, and its process. */
  readonly worker: number;
  readonly from: SimulatedProcess;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export const arnOf = (key: HandlerKey): string => `arn:aws:states:us-east-1:123456789012:activity:${key}`;
export const keyOf = (arn: string | undefined): HandlerKey | undefined =>
  HANDLERS.find((key) => arn === arnOf(key));

const OPERATIONS_OF_SERVICE = { ...activityOperations, ...taskOperations };
/** AWS refuses a signature whose time is wrong by more than this. */
const SKEW_MS = 300_000;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const RETRY = {
  ErrorEquals: [
    'States.Timeout',
    'States.HeartbeatTimeout',
    'Stepwright.WorkerShutdown',
    'Stepwright.HandlerCrashed',
  ],
  IntervalSeconds: 1,
  BackoffRate: 1,
  MaxAttempts: 999,
};
const RETRY_RUNNING = { ...RETRY, ErrorEquals: ['Stepwright.AlreadyRunning'], IntervalSeconds: 5 };
/** The TimeoutSeconds of tasks that are deferred, which have no HeartbeatSeconds. */
const DEFERRED_SECONDS = 300;

/** Step Functions itself: the local engine behind authentication and quotas, and what it knows of every lease. */
export class Service {
  readonly engine: StepFunctions;
  readonly executions: { readonly execution: Execution; readonly expected: string; stopped: boolean }[] = [];
  /** Access keys that are good, and until when. */
  readonly keys = new Map<string, number>();
  readonly #process: SimulatedProcess;
  readonly #machines = new Map<string, Machine>();
  readonly #heartbeatMs = new Map<HandlerKey, number>();
  readonly #closedPollMs: number;
  #answers = 0;

  constructor(
    plan: Plan,
    private readonly timeline: Timeline,
    private readonly chronicle: Chronicle,
    private readonly troubles: Troubles,
  ) {
    this.#closedPollMs = plan.closedPollMs;
    this.#process = new SimulatedProcess('service', timeline, -1);
    this.engine = new StepFunctions(
      {
        clock: this.#process.clock,
        random: stream(plan.seed, 'service'),
        tokens: new TokenMint(byteStream(plan.seed, 'tokens')),
      },
      { evaluator: new EvaluationInPlace() },
    );
    for (const { key, heartbeatSeconds } of plan.handlers) {
      const Resource = arnOf(key);
      this.engine.activities.create(Resource);
      this.#heartbeatMs.set(key, heartbeatSeconds * 1_000);
      const state = { Type: 'Task', Resource, Retry: [RETRY, RETRY_RUNNING], End: true };
      this.#make(key, { ...state, HeartbeatSeconds: heartbeatSeconds });
      this.#make(`${key}-deferred`, { ...state, TimeoutSeconds: DEFERRED_SECONDS });
    }
  }

  #make(name: string, Work: object): void {
    const definition = JSON.stringify({ StartAt: 'Work', States: { Work } });
    this.#machines.set(name, this.engine.createMachine({ name, definition }));
  }

  get pending(): number {
    return this.#process.clock.pending;
  }

  /** Starts an execution. @param expected the status or the error that it is to end with */
  start(key: HandlerKey, input: object, expected: string): void {
    const machine = this.#machines.get(isDeferring(input) ? `${key}-deferred` : key);
    if (!machine) return;
    const name = `e${this.executions.length}`;
    const text = JSON.stringify(input);
    const execution = this.engine.executions.start(machine, name, text, JSON.parse(text));
    this.executions.push({ execution, expected, stopped: false });
  }

  /** Stops some executions that run, the oldest first. */
  abort(count: number): void {
    const running = this.executions.filter(({ execution }) => execution.status === 'RUNNING').slice(0, count);
    for (const each of running) {
      each.stopped = true;
      each.execution.stop(undefined, undefined);
    }
    for (const lease of this.chronicle.leases.values())
      if (!lease.accepted && !this.isOpen(lease) && this.dueAt(lease) > this.timeline.now)
        lease.aborted = true;
  }

  /** The number of tasks that wait for a poll. */
  queued(key: HandlerKey): number {
    return this.engine.activities.get(arnOf(key)).queuedTasks;
  }

  #parked(key: HandlerKey): number {
    return this.engine.activities.get(arnOf(key)).parkedPolls;
  }

  /** True where the service still waits for a report on this lease. */
  isOpen({ token }: Lease): boolean {
    return this.engine.tasks.lookUp(token).task !== undefined;
  }

  /** When a lease lapses without another heartbeat. */
  dueAt({ handler, beatAt, input, leasedAt }: Lease): number {
    if (isDeferring(JSON.parse(input) as object)) return leasedAt + DEFERRED_SECONDS * 1_000;
    return beatAt + (this.#heartbeatMs.get(handler) ?? Number.POSITIVE_INFINITY);
  }

  /** Performs a call. @param onClosed calls back where its connection closes before the answer */
  async perform(request: Request, onClosed: (callback: () => void) => void): Promise<Answer> {
    const refused = this.#refusal(request);
    if (refused) return this.#refuse(refused);
    const { operation, body } = request;
    const checker = new Checker(body);
    const call: Call = {
      operation,
      checker,
      region: 'us-east-1',
      closedWindowMs: this.#closedPollMs,
      onClosed,
    };
    try {
      const perform = OPERATIONS_OF_SERVICE[operation];
      if (!perform) return this.refusal('UnknownOperationException');
      const result = await perform(call, this.engine);
      this.#note(request, result as Record<string, string>);
      return this.#answer(200, JSON.stringify(result));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return this.#refuse(error);
    }
  }

  /** Makes the answer of an error that only a fault brings. */
  refusal(type: string): Answer {
    return this.#refuse(
      new ServiceError(type, type === 'ThrottlingException' ? 'Rate exceeded' : `refused: ${type}`),
    );
  }

  #refusal({ headers, operation, worker, body }: Request): ServiceError | undefined {
    const unsigned = this.#unsigned(headers);
    if (unsigned) {
      for (const hurt of [operation, 'keys'] as const) this.chronicle.trouble(worker, hurt);
      return unsigned;
    }
    const handler = keyOf(body['activityArn']) ?? this.chronicle.lease(body['taskToken'] ?? '')?.handler;
    const polls = handler === undefined ? 0 : this.#parked(handler);
    const refused = this.troubles.refusal({ worker, operation, handler }, polls);
    return refused === undefined ? undefined : new ServiceError(refused, 'Rate exceeded');
  }

  /** Returns the error of a signature whose time or key is wrong. */
  #unsigned(headers: Request['headers']): ServiceError | undefined {
    const [, accessKey = ''] = /Credential=([^/]+)\//.exec(headers['authorization'] ?? '') ?? [];
    const date = (headers['x-amz-date'] ?? '').replace(DATE, '$1-$2-$3T$4:$5:$6Z');
    if (!(Math.abs(Date.parse(date) - this.timeline.now) <= SKEW_MS))
      return new ServiceError('InvalidSignatureException', `Signature expired: ${date} is not now`);
    if ((this.keys.get(accessKey) ?? 0) > this.timeline.now) return undefined;
    return new ServiceError('ExpiredTokenException', 'The security token included in the request is expired');
  }

  /** Notes what a call that was performed changed. */
  #note({ operation, body, from, worker }: Request, result: Readonly<Record<string, string>>): void {
    const { now } = this.timeline;
    if (operation === 'GetActivityTask') {
      const { taskToken: token, input = '' } = result;
      const handler = keyOf(body['activityArn']);
      if (token === undefined || !handler) return;
      const times = { leasedAt: now, beatAt: now, sentBeatAt: now };
      const lease = this.chronicle.open({
        ...times,
        ...NEW,
        token,
        handler,
        input,
        to: from,
      });
      return this.chronicle.add('service', `leases #${lease.n} of ${handler} to ${from.name}`);
    }
    const lease = this.chronicle.lease(body['taskToken'] ?? '');
    if (!lease) return;
    if (operation === 'SendTaskHeartbeat') lease.beatAt = now;
    else [lease.accepted, lease.acceptedAt] = [outcomeOf(operation, body), now];
    this.chronicle.add('service', `accepts ${operation} of #${lease.n} from ${worker}`);
  }

  #refuse(error: ServiceError): Answer {
    return this.#answer(400, error.body);
  }

  #answer(status: number, text: string): Answer {
    const headers = {
      'x-amzn-requestid': `r${this.#answers++}`,
      'content-type': 'application/x-amz-json-1.0',
      date: new Date(this.timeline.now).toUTCString(),
    };
    return { status, headers, text };
  }
}

const isDeferring = (input: object): boolean => 'does' in input && input.does === 'defers';

const NEW = {
  receivedAt: undefined,
  beats: undefined,
  lost: undefined,
  accepted: undefined,
  acceptedAt: undefined,
  toldAcceptedAt: undefined,
  toldGoneAt: undefined,
  goneTo: undefined,
  begun: false,
  sent: undefined,
  refused: false,
  ended: undefined,
  lapsedAt: undefined,
  aborted: false,
  asked: false,
} as const;

/** Returns the outcome that a report carries. */
export const outcomeOf = (operation: OperationName, body: Readonly<Record<string, string>>): Outcome =>
  operation === 'SendTaskSuccess'
    ? { status: 'succeeded', text: body['output'] ?? '' }
    : { status: 'failed', text: `${body['error']} ${body['cause']}` };

/** True for a whole answer that bears the service's mark. */
export function isFromService({ headers, text }: Answer): boolean {
  if (headers['x-amzn-requestid'] === undefined) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
