import { Abort } from '../../base/abort.js';
import { fullJitter, uniformJitter } from '../../base/time/backoff.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { ownFailure } from '../handler/outcome/failure.js';
import { bytesBeyondLimit, type Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import { failureRequest, type ReportRequest, successRequest } from '../../aws/call-request.js';
import type { ActivityPort, ReportAnswer } from '../../aws/activity-port.js';
import type { ReportsInFlight, WaitingReport } from './reports-in-flight.js';

/** The end of a report: the service accepted the outcome or no longer wants the task, or the report was given up. */
export type ReportEnd =
  | { readonly kind: 'accepted'; readonly outcome: Outcome }
  | { readonly kind: 'gone'; readonly probablyDelivered: boolean; readonly error: Error }
  | { readonly kind: 'lost'; readonly outcome: Outcome; readonly attempts: number; readonly error: Error };

/** The pace of the reports in one region and account. Instants are epoch milliseconds. */
export interface ReportPace {
  /**
   * Reserves the next turn, which comes within `mostMs` milliseconds.
   * @returns the time of the turn; not after `now` where it has come already.
   */
  reserve(now: number, mostMs: number): number;
  /** Notes that a report is sent, in its turn. */
  sent(now: number): void;
  /** Notes that the service throttled the report that was sent at `sentAt`. */
  refused(sentAt: number, now: number): void;
}

/** The parts of a worker that the reports of its tasks use. */
export interface ReportWorld {
  readonly port: ActivityPort;
  readonly reportPace: ReportPace;
  /** The reports of the handler that are in flight. */
  readonly inFlight: ReportsInFlight;
  readonly clock: Clock;
  readonly random: () => number;
  /** The longest that a report is repeated while the service does not accept it, in milliseconds. */
  readonly reportLimitMs: number;
}

/** An attempt to report that failed and will be repeated. */
export interface ReportRetry {
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: Error;
}

type FailedAnswer = Extract<ReportAnswer, { kind: 'refused' | 'retry' }>;

const ATTEMPT_LIMIT_MS = 15_000;
/** An attempt may go on for this long after the time of its report is up. */
export const LAST_ATTEMPT_MS = 1_000;
const RETRY_BASE_MS = 200;
const RETRY_CEILING_MS = 20_000;
/** The wait after a throttled attempt. Short, since the pace of all reports slows the report too. */
const THROTTLED_MS = { base: 500, ceiling: 2_500 } as const;
const SLOW_RETRY_MS = [5_000, 20_000] as const;
/** The most characters of a refused failure's name that are kept, and of the service's reason. */
const SHORT_NAME = 80;
const SHORT_MESSAGE = 200;

/**
 * The report of one task: sends its outcome until the service accepts it, the task is gone, or time is up. It knows
 * nothing of the handler, which may have settled long ago, nor of the heartbeat, which goes on until the report ends.
 */
export class Report {
  readonly #token: string;
  readonly #world: ReportWorld;
  readonly #onRetry: (retry: ReportRetry) => void;
  readonly #gone = new Abort();
  /** The time at which to give up, in epoch milliseconds. */
  #until = Number.POSITIVE_INFINITY;
  /** True once the answer to an attempt was lost, so that the service may have accepted the outcome. */
  #mayHaveArrived = false;
  /** True once a refused failure was cut down. */
  #isCut = false;
  /** Set while the report waits until fewer are in flight. */
  #waiting: WaitingReport | undefined;
  #cancelWait: Cancel | undefined;

  constructor(token: string, world: ReportWorld, onRetry: (retry: ReportRetry) => void) {
    this.#token = token;
    this.#world = world;
    this.#onRetry = onRetry;
  }

  /** Gives the report up at `until`, or earlier where that was set before. @param until epoch milliseconds */
  endBy(until: number): void {
    this.#until = Math.min(this.#until, until);
    if (this.#waiting) this.#limitWait(this.#waiting);
  }

  /** Ends the report, because the service no longer wants the task: nothing more is sent. */
  cancel(error: Error): void {
    this.#gone.abort(error);
  }

  /** Resolves when the report has ended. Never rejects. To be called once. */
  async send(decided: Outcome): Promise<ReportEnd> {
    const { clock, reportLimitMs, inFlight } = this.#world;
    this.endBy(clock.now() + reportLimitMs);
    let outcome = decided;
    let request = requestOf(this.#token, outcome);
    for (let attempt = 1; ; attempt++) {
      const held = this.#holdBack();
      if (held) {
        request.body();
        readFromBody(outcome, request);
        await held;
      }
      // The task may be gone by now.
      const answer = this.#gone.aborted ? undefined : await this.#attempt(request);
      inFlight.leave();
      if (answer?.kind === 'ok') return { kind: 'accepted', outcome };
      if (answer?.kind === 'gone') return this.#endGone(answer.error);
      if (!answer || this.#gone.aborted) return this.#endGone();
      readFromBody(outcome, request);
      const next = await this.#afterFailure(outcome, answer, attempt);
      if (!next) return { kind: 'lost', outcome, attempts: attempt, error: answer.error };
      if (next !== outcome) request = requestOf(this.#token, next);
      outcome = next;
    }
  }

  /** Waits where too many reports are in flight, and for the report's turn. Returns nothing where it may go at once. */
  #holdBack(): Promise<void> | undefined {
    const waiting = this.#world.inFlight.enter();
    return waiting ? this.#waitFor(waiting).then(() => this.#takeTurn()) : this.#takeTurn();
  }

  /** Waits until fewer reports are in flight, but not beyond the end, when a last attempt is due. */
  async #waitFor(waiting: WaitingReport): Promise<void> {
    this.#waiting = waiting;
    this.#limitWait(waiting);
    this.#gone.addEventListener('abort', waiting.go);
    if (this.#gone.aborted) waiting.go();
    await waiting.turn;
    this.#gone.removeEventListener('abort', waiting.go);
    this.#cancelWait?.();
    this.#waiting = undefined;
  }

  #limitWait(waiting: WaitingReport): void {
    const { clock } = this.#world;
    this.#cancelWait?.();
    this.#cancelWait = clock.after(this.#until - clock.now(), waiting.go);
  }

  /** Waits for a turn at the pace of reports, but never long: reports are few, and each holds up a task. */
  #takeTurn(): Promise<void> | undefined {
    if (this.#gone.aborted) return undefined;
    const { clock, reportPace } = this.#world;
    const now = clock.now();
    const at = Math.min(reportPace.reserve(now, THROTTLED_MS.ceiling), this.#until);
    const leave = (): void => {
      if (!this.#gone.aborted) reportPace.sent(clock.now());
    };
    if (at > now) return clock.sleep(at - now, this.#gone).then(leave);
    leave();
    return undefined;
  }

  async #attempt(request: ReportRequest): Promise<ReportAnswer> {
    const { clock, port, reportPace } = this.#world;
    const sentAt = clock.now();
    const limit = new Abort();
    const cancel = this.#limitAttempt(limit);
    const answer = await port.report(request, limit);
    cancel();
    if (answer.kind === 'retry') {
      if (answer.pace === 'throttled' && !answer.ofKey) reportPace.refused(sentAt, clock.now());
      this.#mayHaveArrived ||= answer.mayHaveArrived;
    }
    return answer;
  }

  #limitAttempt(limit: Abort): Cancel {
    const { clock } = this.#world;
    const limitMs = Math.min(ATTEMPT_LIMIT_MS, this.#until + LAST_ATTEMPT_MS - clock.now());
    return limitCallAfter(clock, limitMs, () =>
      limit.abort(new Error(`no answer to a report within ${limitMs} ms`)),
    );
  }

  /** Returns the outcome to send next, after a wait where one is due; undefined where the report is given up. */
  async #afterFailure(outcome: Outcome, answer: FailedAnswer, attempt: number): Promise<Outcome | undefined> {
    if (answer.kind === 'refused') return this.#afterRefusal(outcome, answer.error);
    const { clock, random } = this.#world;
    const leftMs = this.#until - clock.now();
    if (leftMs <= 0) return undefined;
    const delayMs = Math.min(leftMs, retryDelay(answer.pace, attempt, random));
    this.#onRetry({ attempt, delayMs, error: answer.error });
    await clock.sleep(delayMs, this.#gone);
    return outcome;
  }

  /**
   * Returns a failure in place of a refused success; its name and a short cause in place of a refused failure, once;
   * then undefined.
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
    ? successRequest(token, outcome.output)
    : failureRequest(token, outcome.error, outcome.cause);

/** Has the output of a result that waits be read from the body of its request: its text would be held twice. */
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
 * Makes a failure of few characters, all printable ASCII: however the service counts and checks a text, it accepts
 * this.
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
