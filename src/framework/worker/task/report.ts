import { bytesBeyondLimit } from '../../base/json.js';
import { Abort } from '../../base/abort.js';
import { fullJitter, uniformJitter, withResolvers } from '../../base/time/wait.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Outcome } from '../../declare/outcome.js';
import { ownFailure } from '../handler/outcome/failure.js';
import { OWN_ERROR } from '../handler/outcome/own-errors.js';
import { CallRequest, type ReportRequest } from '../../aws/call.js';
import type { ActivityPort, ReportAnswer } from '../../aws/activity-port.js';
import type { CallLimiter } from '../../aws/call-limiter.js';

/**
 * How the report of a task's outcome has ended.
 * - `accepted`: the service accepted the outcome.
 * - `gone`: the service no longer wants the task.
 * - `lost`: the report was given up.
 */
export type ReportEnd =
  | { readonly kind: 'accepted'; readonly outcome: Outcome }
  | { readonly kind: 'gone'; readonly probablyDelivered: boolean; readonly error: Error }
  | {
      readonly kind: 'lost';
      readonly outcome: Outcome;
      readonly attempts: number;
      /** True if an attempt got no answer, so that the service may have accepted the outcome. */
      readonly mayHaveArrived: boolean;
      /** True if the outbox has the outcome, so that it is offered again. @default false */
      readonly isKept?: boolean;
      readonly error: Error;
    };

/** The parts of a worker that the reports of its tasks use. */
export interface ReportRoute {
  readonly port: ActivityPort;
  /** Limits the reports to one region and account. */
  readonly limiter: CallLimiter;
  /** Counts the handler's reports that wait for their responses, and limits their number. */
  readonly inFlight: ReportsInFlight;
  readonly clock: Clock;
  readonly random: () => number;
  /** The longest time, in milliseconds, for which a report is repeated while the service doesn't accept it. */
  readonly reportLimitMs: number;
}

/** A failed attempt to send the report of a task. The attempt will be repeated. */
export interface ReportRetry {
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: Error;
}

/**
 * The most reports of one handler that may wait for their responses at once. At half a second for each, that is 512 per
 * second, more than AWS's quota; at 17 per second, each is still answered within an attempt's limit.
 */
export const MOST_REPORTS_IN_FLIGHT = 256;

/** A report that isn't sent yet, because too many others wait for their responses. */
interface WaitingReport {
  /** Resolves when the report may be sent. From then on the report itself counts as waiting for its response. */
  readonly turn: Promise<void>;
  /** Ends the wait: resolves `turn` now, even if too many reports wait for their responses. */
  readonly go: () => void;
}

/**
 * Limits how many reports of one handler wait for their responses at once. They are sent in the order in which they
 * began to wait; a repeated one goes to the end of the queue, so that those that hang don't delay the others.
 */
export class ReportsInFlight {
  readonly #waiting = new Set<() => void>();
  #many = 0;

  constructor(private readonly most = MOST_REPORTS_IN_FLIGHT) {}

  /**
   * Counts one more report as waiting for its response, and returns undefined if it may be sent at once. Otherwise
   * returns an object with which the report waits. `leave` must be called once for each call of `enter`.
   */
  enter(): WaitingReport | undefined {
    if (this.#many < this.most) {
      this.#many++;
      return undefined;
    }
    const { promise: turn, resolve } = withResolvers<void>();
    const go = (): void => {
      if (this.#waiting.delete(go)) this.#many++;
      resolve();
    };
    this.#waiting.add(go);
    return { turn, go };
  }

  /** To be called when a report has got its response, or was given up. */
  leave(): void {
    this.#many--;
    if (this.#waiting.size === 0 || this.#many >= this.most) return;
    const [next] = this.#waiting;
    next?.();
  }
}

type FailedAnswer = Extract<ReportAnswer, { kind: 'refused' | 'retry' }>;

const ATTEMPT_LIMIT_MS = 15_000;
/**
 * When the time for a report is over, an attempt that was sent before may still wait for its response for this long.
 */
export const LAST_ATTEMPT_MS = 1_000;
const RETRY_BASE_MS = 200;
const RETRY_CEILING_MS = 20_000;
/**
 * The wait after the service has throttled an attempt. It is short, because the rate limit for all reports
 * adds its own wait.
 */
const THROTTLED_MS = { base: 500, ceiling: 2_500 } as const;
/** A report is sent after this time, whether its turn has come or not. */
const MOST_TURN_MS = 2_500;
const SLOW_RETRY_MS = [5_000, 20_000] as const;
/** If the service refuses a failure as invalid, its error name is cut to this many characters. */
const SHORT_NAME = 80;
/** The reason that the service gave for that is cut to this many characters. */
const SHORT_MESSAGE = 200;

/**
 * Reports the outcome of one task: sends it again and again until the service accepts it, no longer wants the task, or
 * the time limit is over. The task's heartbeats continue until then.
 */
export class Report {
  readonly #gone = new Abort();
  /** The time at which the report is given up, in epoch milliseconds. */
  #until = Number.POSITIVE_INFINITY;
  /**
   * True if an attempt got no response, for example because the connection broke. The service may then have accepted
   * the outcome nevertheless.
   */
  #mayHaveArrived = false;
  /** True if the service has refused the failure as invalid, so that a shortened one is sent instead. */
  #isCut = false;
  /** Set while the report waits because too many others wait for their responses. */
  #waiting: WaitingReport | undefined;
  #cancelWait: Cancel | undefined;
  /** The time at which the last attempt was sent, in epoch milliseconds. */
  #sentAt = 0;
  #cancelLimit: Cancel | undefined;

  constructor(
    private readonly token: string,
    private readonly route: ReportRoute,
    private readonly onRetry: (retry: ReportRetry) => void,
  ) {}

  /**
   * Sets the time at which the report is given up, in epoch milliseconds. If an earlier time was set before, that one
   * stays.
   */
  endBy(until: number): void {
    this.#until = Math.min(this.#until, until);
    if (this.#waiting) this.#limitWait(this.#waiting);
  }

  /** Ends the report, because the service no longer wants the task. Nothing more is sent. */
  cancel(error: Error): void {
    this.#gone.abort(error);
  }

  /** Sends the outcome. Resolves when the report has ended. Never rejects. To be called once. */
  async send(decided: Outcome): Promise<ReportEnd> {
    const { clock, reportLimitMs, inFlight } = this.route;
    this.#until = Math.min(this.#until, clock.now() + reportLimitMs);
    let outcome = decided;
    let request = requestOf(this.token, outcome);
    for (let attempt = 1; ; attempt++) {
      const waiting = inFlight.enter();
      const held = waiting ? this.#waitFor(waiting) : this.#takeTurn();
      if (held) {
        request.body();
        readFromBody(outcome, request);
        await held;
      }
      // The service may no longer want the task by now.
      const answer = this.#gone.aborted ? undefined : await this.#attempt(request);
      if (answer) this.#answered(answer);
      inFlight.leave();
      if (answer?.kind === 'ok') return { kind: 'accepted', outcome };
      if (answer?.kind === 'gone') return this.#endGone(answer.error);
      if (!answer || this.#gone.aborted) return this.#endGone();
      readFromBody(outcome, request);
      const next = await this.#afterFailure(outcome, answer, attempt);
      if (!next) {
        const mayHaveArrived = this.#mayHaveArrived;
        return { kind: 'lost', outcome, attempts: attempt, mayHaveArrived, error: answer.error };
      }
      if (next !== outcome) request = requestOf(this.token, next);
      outcome = next;
    }
  }

  /**
   * Waits until fewer reports wait for their responses, and then for this report's turn. If the report's time limit is
   * over before that, stops waiting, so that a last attempt is made.
   */
  async #waitFor(waiting: WaitingReport): Promise<void> {
    this.#waiting = waiting;
    this.#limitWait(waiting);
    this.#gone.addEventListener('abort', waiting.go);
    if (this.#gone.aborted) waiting.go();
    await waiting.turn;
    this.#gone.removeEventListener('abort', waiting.go);
    this.#cancelWait?.();
    this.#waiting = undefined;
    await this.#takeTurn();
  }

  #limitWait(waiting: WaitingReport): void {
    const { clock } = this.route;
    this.#cancelWait?.();
    this.#cancelWait = clock.after(this.#until - clock.now(), waiting.go);
  }

  /** Waits for the report's turn under the limit of calls. Returns undefined if it may be sent at once. */
  #takeTurn(): Promise<void> | undefined {
    if (this.#gone.aborted) return undefined;
    const { clock, limiter } = this.route;
    const caller = { wants: true, go: (): void => {} };
    if (limiter.take(caller)) return undefined;
    const { promise, resolve } = withResolvers<void>();
    caller.go = resolve;
    const mostMs = Math.max(0, Math.min(MOST_TURN_MS, this.#until - clock.now()));
    const cancel = clock.after(mostMs, resolve);
    this.#gone.addEventListener('abort', resolve);
    return promise.then(() => {
      cancel();
      limiter.leave(caller);
      this.#gone.removeEventListener('abort', resolve);
    });
  }

  /** Sends one attempt. */
  #attempt(request: ReportRequest): Promise<ReportAnswer> {
    const { clock, port } = this.route;
    const limit = new Abort();
    this.#sentAt = clock.now();
    const limitMs = Math.min(ATTEMPT_LIMIT_MS, this.#until + LAST_ATTEMPT_MS - this.#sentAt);
    this.#cancelLimit = limitCallAfter(clock, limitMs, () =>
      limit.abort(new Error(`no answer to a report within ${limitMs} ms`)),
    );
    return port.report(request, limit, () => !this.#gone.aborted);
  }

  /** Called with the response to an attempt, or with its failure. */
  #answered(answer: ReportAnswer): void {
    const { limiter } = this.route;
    this.#cancelLimit?.();
    if (answer.kind !== 'retry') limiter.answered(false, this.#sentAt);
    else {
      if (answer.pace === 'throttled' && !answer.ofKey) limiter.answered(true, this.#sentAt);
      this.#mayHaveArrived ||= answer.mayHaveArrived;
    }
  }

  /**
   * Called after a failed attempt. Waits before the next one if necessary, and returns the outcome to send then.
   * Returns undefined if the report is given up.
   */
  async #afterFailure(outcome: Outcome, answer: FailedAnswer, attempt: number): Promise<Outcome | undefined> {
    if (answer.kind === 'refused') return this.#afterRefusal(outcome, answer.error);
    const { clock, random } = this.route;
    const leftMs = this.#until - clock.now();
    if (leftMs <= 0) return undefined;
    const delayMs = Math.min(leftMs, retryDelay(answer.pace, attempt, random));
    this.onRetry({ attempt, delayMs, error: answer.error });
    await clock.sleep(delayMs, this.#gone);
    return outcome;
  }

  /**
   * Returns what to report instead of an outcome that the service has refused as invalid: a failure instead of a
   * success, and a shorter failure instead of a failure. Undefined if that was refused too.
   */
  #afterRefusal(outcome: Outcome, error: Error): Outcome | undefined {
    if (outcome.status === 'succeeded') return refusedOutput(outcome.output, error);
    if (this.#isCut) return undefined;
    this.#isCut = true;
    return cutDown(outcome.error, error);
  }

  #endGone(error = this.#gone.reason as Error): ReportEnd {
    return { kind: 'gone', probablyDelivered: this.#mayHaveArrived, error };
  }
}

const requestOf = (token: string, outcome: Outcome): ReportRequest =>
  outcome.status === 'succeeded'
    ? new CallRequest('SendTaskSuccess', { taskToken: token, output: outcome.output })
    : new CallRequest('SendTaskFailure', { taskToken: token, error: outcome.error, cause: outcome.cause });

/**
 * Saves memory while a report waits: if the request's body was made, the outcome's `output` becomes a getter that reads
 * it from there.
 */
function readFromBody(outcome: Outcome, request: ReportRequest): void {
  if (outcome.status === 'failed' || !request.isWritten) return;
  const get = (): string => request.input['output'] ?? '';
  Object.defineProperty(outcome, 'output', { get, enumerable: true, configurable: true });
}

function refusedOutput(output: string, { message }: Error): Outcome {
  const bytes = bytesBeyondLimit(output);
  return bytes === undefined
    ? ownFailure(OWN_ERROR.invalidOutput, `the service refused the output: ${message}`)
    : ownFailure(OWN_ERROR.outputTooLarge, `the service refused the output of ${bytes} bytes: ${message}`);
}

/**
 * Makes a failure whose name and cause are short and contain only printable ASCII characters. The service accepts it,
 * whatever limits or character checks it applies.
 */
function cutDown(name: string, refusal: Error): Outcome {
  const plain = (text: string, most: number): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, most);
  const error = plain(name, SHORT_NAME) || 'Error';
  const errorMessage = `the service refused the whole cause: ${plain(refusal.message, SHORT_MESSAGE)}`;
  return { status: 'failed', error, cause: JSON.stringify({ errorType: error, errorMessage }) };
}

function retryDelay(pace: 'fast' | 'throttled' | 'slow', attempt: number, random: () => number): number {
  if (pace === 'slow') return uniformJitter(...SLOW_RETRY_MS, random);
  if (pace === 'throttled') return fullJitter(attempt, THROTTLED_MS.base, THROTTLED_MS.ceiling, random);
  return fullJitter(attempt, RETRY_BASE_MS, RETRY_CEILING_MS, random);
}
