import { Abort, type Abortable } from '../../base/abort.js';
import { fullJitter, slowly } from '../../base/time/backoff.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { ownFailure } from '../handler/outcome/failure.js';
import { type Outcome, OUTPUT_LIMIT_BYTES } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import type { ActivityPort, ReportAnswer } from '../../aws/port.js';

/** How a report ended. */
export type ReportEnd =
  | { readonly kind: 'accepted'; readonly outcome: Outcome }
  | { readonly kind: 'gone'; readonly probablyDelivered: boolean; readonly error: Error }
  | { readonly kind: 'lost'; readonly outcome: Outcome; readonly attempts: number; readonly error: Error };

/** The pace of the reports in one region and account. Instants are epoch milliseconds. */
export interface ReportPace {
  /** Takes the next turn, within `mostMs`. @returns when it is; not after `now` where it is at once. */
  reserve(now: number, mostMs: number): number;
  /** A report is sent, in its turn. */
  sent(now: number): void;
  /** The service throttled the report that was sent at `sentAt`. */
  refused(sentAt: number, now: number): void;
}

export interface OfferPlan {
  readonly port: ActivityPort;
  readonly pace: ReportPace;
  readonly clock: Clock;
  readonly random: () => number;
  /** When to give up, in epoch milliseconds. Asked again before each wait: a drain brings it forward. */
  readonly until: () => number;
  /** Aborts when a heartbeat learnt that the task is gone. */
  readonly gone: Abortable;
  readonly onRetry: (retry: { attempt: number; delayMs: number; error: Error }) => void;
}

const ATTEMPT_LIMIT_MS = 15_000;
/** How long after time is up the last attempt may take, and those that follow where it is refused. */
export const LAST_ATTEMPT_MS = 1_000;
const RETRY_BASE_MS = 200;
const RETRY_CEILING_MS = 20_000;
/** The pace of all reports does the rest. */
const THROTTLED_MS = { base: 500, ceiling: 2_500 } as const;
const SLOW_RETRY_MS = [5_000, 20_000] as const;
/** What a refused failure is cut down to. */
const SHORT_NAME = 80;
const SHORT_MESSAGE = 200;

/** Offers one outcome until the service takes it, the task is gone, or time is up. Never rejects. */
export async function offer(token: string, decided: Outcome, plan: OfferPlan): Promise<ReportEnd> {
  const { clock, gone, until } = plan;
  let outcome = decided;
  let mayHaveArrived = false;
  let cut = false;
  const letGo = (error: Error): ReportEnd => ({ kind: 'gone', probablyDelivered: mayHaveArrived, error });
  for (let attempt = 1; ; attempt++) {
    const turn = inTurn(plan);
    if (turn) await turn;
    if (gone.aborted) return letGo(goneError(gone));
    const sentAt = clock.now();
    const limit = new Abort();
    const cancel = limitAttempt(limit, plan);
    const answer = await send(token, outcome, plan.port, limit);
    cancel();
    if (answer.kind === 'retry' && answer.pace === 'throttled') plan.pace.refused(sentAt, clock.now());
    if (answer.kind === 'ok') return { kind: 'accepted', outcome };
    const { error } = answer;
    mayHaveArrived ||= answer.kind === 'retry' && answer.mayHaveArrived;
    if (answer.kind === 'gone') return letGo(error);
    if (gone.aborted) return letGo(goneError(gone));
    if (answer.kind === 'refused') {
      if (cut) return { kind: 'lost', outcome, attempts: attempt, error };
      cut = outcome.status === 'failed';
      outcome = afterRefusal(outcome, error);
      continue;
    }
    const leftMs = until() - clock.now();
    if (leftMs <= 0) return { kind: 'lost', outcome, attempts: attempt, error };
    const delayMs = Math.min(leftMs, retryDelay(answer.pace, attempt, plan.random));
    plan.onRetry({ attempt, delayMs, error });
    await clock.sleep(delayMs, gone);
  }
}

/** Waits for a turn at the pace that the service grants, but never long: results are few, and each holds up a task. */
function inTurn({ pace, clock, gone, until }: OfferPlan): Promise<void> | undefined {
  if (gone.aborted) return undefined;
  const now = clock.now();
  const at = Math.min(pace.reserve(now, THROTTLED_MS.ceiling), until());
  const leave = (): void => {
    if (!gone.aborted) pace.sent(clock.now());
  };
  if (at > now) return clock.sleep(at - now, gone).then(leave);
  leave();
  return undefined;
}

function limitAttempt(limit: Abort, { clock, until }: OfferPlan): Cancel {
  const limitMs = Math.min(ATTEMPT_LIMIT_MS, until() + LAST_ATTEMPT_MS - clock.now());
  return limitCallAfter(clock, limitMs, () =>
    limit.abort(new Error(`no answer to a report within ${limitMs} ms`)),
  );
}

const send = (token: string, outcome: Outcome, port: ActivityPort, limit: Abort): Promise<ReportAnswer> =>
  outcome.status === 'succeeded'
    ? port.succeed(token, outcome.output, limit)
    : port.fail(token, outcome.error, outcome.cause, limit);

/**
 * What is offered instead of a text that the service will not take, since its token is still live: of a success one
 * failure, of a failure its name and a short cause.
 */
const afterRefusal = (outcome: Outcome, error: Error): Outcome =>
  outcome.status === 'succeeded' ? refusedOutput(outcome.output, error) : cutDown(outcome.error, error);

function refusedOutput(output: string, { message }: Error): Outcome {
  const bytes = Buffer.byteLength(output);
  return bytes <= OUTPUT_LIMIT_BYTES
    ? ownFailure(OWN_ERROR.invalidOutput, `the service refused the output: ${message}`)
    : ownFailure(OWN_ERROR.outputTooLarge, `the service refused the output of ${bytes} bytes: ${message}`);
}

/** Plain letters only, and few of them: whatever the service counts or checks, it takes this. */
function cutDown(name: string, refusal: Error): Outcome {
  const plain = (text: string, most: number): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, most);
  const error = plain(name, SHORT_NAME) || 'Error';
  const errorMessage = `the service refused the whole cause: ${plain(refusal.message, SHORT_MESSAGE)}`;
  return { status: 'failed', error, cause: JSON.stringify({ errorType: error, errorMessage }) };
}

function retryDelay(pace: 'fast' | 'throttled' | 'slow', attempt: number, random: () => number): number {
  if (pace === 'slow') return slowly(...SLOW_RETRY_MS, random);
  if (pace === 'throttled') return fullJitter(attempt, THROTTLED_MS.base, THROTTLED_MS.ceiling, random);
  return fullJitter(attempt, RETRY_BASE_MS, RETRY_CEILING_MS, random);
}

const goneError = (gone: Abortable): Error => gone.reason as Error;
