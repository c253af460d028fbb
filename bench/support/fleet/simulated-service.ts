import type { Abortable } from '../../../src/framework/base/abort.js';
import type { Clock } from '../../../src/framework/base/time/clock.js';
import {
  Activity,
  POLL_LIMIT,
  type PollAnswer as Answer,
} from '../../../src/framework/local/engine/activity.js';
import type { Fault, FaultHook } from '../../../src/framework/local/index.js';
import { TaskTable } from '../../../src/framework/local/engine/tasks/task-table.js';
import { classifyPollFailure, classifyReportFailure } from '../../../src/framework/aws/classify-failure.js';
import { sdkFailure } from '../../../src/framework/aws/sdk/sdk-failure.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../../src/framework/aws/activity-port.js';
import { TokenBucket } from '../service/fault-plan.js';
import { CallCounts } from './call-counts.js';

/** AWS's quotas in most regions (page "Step Functions service quotas"), for polls and for each kind of report. */
export const BUCKET = { holds: 1_500, perSecond: 300 } as const;
const POLL_HOLD_MS = 60_000;

export interface Distance {
  /** The least delay of a call and its answer together, in milliseconds. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** One region's distance to a fleet. */
export const NEAR: Distance = { leastMs: 20, mostMs: 80 };

/**
 * - `gone`: connections are refused, and those that are open are reset.
 * - `black hole`: nothing is refused and nothing ever answered.
 */
export type Outage = 'gone' | 'black hole';

/** A task, from the moment that it was scheduled. Instants are epoch milliseconds. */
export interface SimulatedTask {
  readonly scheduledAt: number;
  startedAt: number | undefined;
  succeededAt: number | undefined;
  failedAt: number | undefined;
  /** The answer that carried its token never arrived: no worker can do anything about it. */
  lostOnTheWire: boolean;
}

export interface SimulationOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** @default NEAR */
  readonly distance?: Distance;
  /** Unset: the quotas of AWS; false: none. */
  readonly quotas?: false;
  /** The fault of each call. @default none */
  readonly fault?: FaultHook;
}

type Operation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/**
 * One activity as a fleet in the same process meets it: the local service's own queue behind the port of a worker,
 * with a distance, quotas and outages, and no socket.
 */
export class SimulatedService {
  readonly tasks: SimulatedTask[] = [];
  readonly counts = new CallCounts();
  readonly #options: SimulationOptions;
  readonly #distance: Distance;
  readonly #table: TaskTable;
  readonly #activity: Activity;
  readonly #buckets = new Map<Operation, TokenBucket>();
  readonly #indexes = new Map<Operation, number>();
  /** The open polls: functions that end one when an outage begins. */
  readonly #open = new Set<(outage: Outage) => void>();
  #outage: Outage | undefined;

  constructor(options: SimulationOptions) {
    const { clock } = options;
    this.#options = options;
    this.#distance = options.distance ?? NEAR;
    this.#table = new TaskTable(clock);
    this.#activity = new Activity(ARN, 'Simulated', this.#table);
  }

  get parkedPolls(): number {
    return this.#activity.parkedPolls;
  }

  /** Schedules a task with the input `{ n, sleepMs }`. */
  schedule(sleepMs: number): void {
    const now = (): number => this.#options.clock.now();
    const task: SimulatedTask = {
      scheduledAt: now(),
      startedAt: undefined,
      succeededAt: undefined,
      failedAt: undefined,
      lostOnTheWire: false,
    };
    const n = this.tasks.push(task) - 1;
    this.#activity.schedule({
      input: JSON.stringify({ n, sleepMs }),
      timeoutSeconds: undefined,
      heartbeatSeconds: undefined,
      isWanted: () => true,
      onStarted: (_worker, at) => (task.startedAt = at),
      onSettled: ({ kind }, at) => (task[kind === 'succeeded' ? 'succeededAt' : 'failedAt'] = at),
    });
  }

  /** Begins an outage, or ends it where none is given. */
  setOutage(outage?: Outage): void {
    this.#outage = outage;
    if (outage) for (const meet of [...this.#open]) meet(outage);
  }

  /** The port of a worker. Answers mean the same as over HTTP. */
  readonly port: ActivityPort = {
    poll: (_arn, workerName, signal, onSent) =>
      this.#poll(workerName, signal, onSent).then(
        ({ taskToken: token, input }): PollAnswer =>
          token === undefined ? { kind: 'empty' } : { kind: 'task', token, input: input ?? '' },
        (thrown: unknown) => classifyPollFailure(sdkFailure(thrown, true)),
      ),
    report: ({ operation, input: { taskToken = '', output = '', error = '', cause = '' } }, signal) =>
      this.#report(operation, taskToken, signal, (task) =>
        task.settle(
          operation === 'SendTaskSuccess' ? { kind: 'succeeded', output } : { kind: 'failed', error, cause },
        ),
      ),
    heartbeat: (token, signal) =>
      this.#report('SendTaskHeartbeat', token, signal, (task) => task.heartbeat()),
  };

  async #poll(workerName: string, signal: Abortable, onSent: () => void): Promise<Partial<Answer>> {
    const halfMs = this.#halfMs();
    if (this.#outage !== 'gone') onSent();
    const fault = await this.#arrive('GetActivityTask', halfMs, signal);
    if (this.#activity.parkedPolls >= POLL_LIMIT) {
      this.counts.refuse(this.#options.clock.now(), 'over the limit');
      await this.#options.clock.sleep(halfMs);
      throw apiError('ActivityWorkerLimitExceeded');
    }
    const answer = await this.#hold(workerName, signal);
    await this.#return(fault, halfMs, signal, () => this.#loseToken(answer));
    return answer;
  }

  #loseToken({ input }: Partial<Answer>): void {
    const task = input === undefined ? undefined : this.tasks[(JSON.parse(input) as { n: number }).n];
    if (task) task.lostOnTheWire = true;
  }

  #hold(workerName: string, signal: Abortable): Promise<Partial<Answer>> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#open.delete(meet);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        withdraw();
        leave();
        reject(signal.reason);
      };
      const meet = (outage: Outage): void => {
        withdraw();
        this.#open.delete(meet);
        if (outage === 'black hole') return;
        leave();
        reject(networkError('ECONNRESET'));
      };
      signal.addEventListener('abort', giveUp);
      this.#open.add(meet);
      const withdraw = this.#activity.poll(workerName, POLL_HOLD_MS, (answer) => {
        leave();
        resolve(answer);
      });
    });
  }

  async #report(
    operation: Operation,
    token: string,
    signal: Abortable,
    take: (task: { settle(outcome: SettleOutcome): void; heartbeat(): void }) => void,
  ): Promise<ReportAnswer> {
    try {
      const halfMs = this.#halfMs();
      const fault = await this.#arrive(operation, halfMs, signal);
      const { task } = this.#table.lookUp(token);
      if (task) take(task);
      await this.#return(fault, halfMs, signal);
      if (!task) throw apiError('TaskTimedOut');
      return { kind: 'ok' };
    } catch (thrown) {
      return classifyReportFailure(sdkFailure(thrown, true));
    }
  }

  /** The way there. @returns a fault that spoils the answer. @throws what keeps the call from being done */
  async #arrive(operation: Operation, halfMs: number, signal: Abortable): Promise<Fault | undefined> {
    const { clock, fault: hook, quotas } = this.#options;
    await clock.sleep(halfMs);
    if (signal.aborted) throw signal.reason;
    if (this.#outage === 'gone') throw networkError('ECONNREFUSED');
    if (this.#outage === 'black hole') return never(signal);
    this.counts.take(clock.now());
    const index = this.#indexes.get(operation) ?? 0;
    this.#indexes.set(operation, index + 1);
    const fault = await hook?.({ operation, body: undefined, index });
    const throttled = quotas !== false && !this.#bucket(operation).take(clock.now());
    if (!throttled && !(fault && isUndone(fault))) return fault;
    if (throttled || fault?.kind === 'error') this.counts.refuse(clock.now(), 'throttled');
    await clock.sleep(halfMs);
    throw throttled || !fault ? apiError('ThrottlingException') : errorOf(fault);
  }

  /** The way back. @throws where the fault spoils the answer, or an outage eats it; `onSpoiled` is told first */
  async #return(
    fault: Fault | undefined,
    halfMs: number,
    signal: Abortable,
    onSpoiled: () => void = () => {},
  ): Promise<void> {
    await this.#options.clock.sleep(halfMs);
    if (signal.aborted) throw signal.reason;
    const spoiled = fault !== undefined && fault.kind !== 'reset-after';
    if (!spoiled && !this.#outage) return;
    onSpoiled();
    if (this.#outage === 'black hole') await never(signal);
    throw spoiled ? errorOf(fault) : networkError('ECONNRESET');
  }

  /** Whole milliseconds, so that many calls share an instant. */
  #halfMs(): number {
    const { leastMs, mostMs } = this.#distance;
    return Math.round((leastMs + this.#options.random() * (mostMs - leastMs)) / 2);
  }

  #bucket(operation: Operation): TokenBucket {
    const known = this.#buckets.get(operation);
    if (known) return known;
    const bucket = new TokenBucket(BUCKET.perSecond, BUCKET.holds, this.#options.clock.now(), BUCKET.holds);
    this.#buckets.set(operation, bucket);
    return bucket;
  }
}

type SettleOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error: string; readonly cause: string };

export const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Simulated';

const isUndone = ({ kind }: Fault): boolean =>
  kind === 'error' || kind === 'reset-before' || kind === 'status';

function errorOf(fault: Fault): Error {
  if (fault.kind === 'error') return apiError(fault.error);
  if (fault.kind === 'status') return apiError('InternalFailure', fault.status);
  return networkError('ECONNRESET');
}

/** Errors as the SDK throws them. Each is made once, since a fleet is refused thousands of times a second. */
const ERRORS = new Map<string, Error>();

function apiError(name: string, httpStatusCode: number = 400): Error {
  return errorNamed(name, () =>
    Object.assign(new Error(name), { name, $fault: 'client', $metadata: { httpStatusCode } }),
  );
}

const networkError = (code: string): Error =>
  errorNamed(code, () => Object.assign(new Error(code), { code }));

function errorNamed(key: string, make: () => Error): Error {
  const error = ERRORS.get(key) ?? make();
  ERRORS.set(key, error);
  return error;
}

/** Waits for an answer that never comes. */
function never(signal: Abortable): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
