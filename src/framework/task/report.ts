import type { Clock } from '../clock.js';
import { ownFailure } from '../handler/failure/failure.js';
import { type Outcome, OUTPUT_LIMIT_BYTES, OWN_ERROR } from '../handler/outcome.js';
import type { ActivityPort, ReportAnswer } from '../service/port.js';
import { fullJitter, slowly } from '../backoff.js';

/** How a report ended. */
export type ReportEnd =
  | { readonly kind: 'accepted'; readonly outcome: Outcome }
  | { readonly kind: 'gone'; readonly probablyDelivered: boolean; readonly error: Error }
  | { readonly kind: 'lost'; readonly outcome: Outcome; readonly attempts: number; readonly error: Error };

export interface ReportPlan {
  readonly port: ActivityPort;
  readonly clock: Clock;
  readonly random: () => number;
  /** When to give up, in epoch milliseconds. Asked again before each wait: a drain brings it forward. */
  readonly until: () => number;
  /** Aborts when a heartbeat learnt that the task is gone. */
  readonly gone: AbortSignal;
  readonly onRetry: (retry: { attempt: number; delayMs: number; error: Error }) => void;
}

const ATTEMPT_LIMIT_MS = 15_000;
/** What the attempt that starts when time is up still gets. */
export const LAST_ATTEMPT_MS = 1_000;
const RETRY_BASE_MS = 200;
const THROTTLED_BASE_MS = 1_000;
const RETRY_CEILING_MS = 20_000;
const SLOW_RETRY_MS = [5_000, 20_000] as const;

/** Offers one outcome until the service takes it, the task is gone, or time is up. Never rejects. */
export async function deliver(token: string, decided: Outcome, plan: ReportPlan): Promise<ReportEnd> {
  const { clock, gone, until } = plan;
  let outcome = decided;
  let mayHaveArrived = false;
  for (let attempt = 1; ; attempt++) {
    const answer = await offer(token, outcome, plan);
    if (answer.kind === 'ok') return { kind: 'accepted', outcome };
    if (answer.kind === 'gone')
      return { kind: 'gone', probablyDelivered: mayHaveArrived, error: answer.error };
    const { error } = answer;
    mayHaveArrived ||= answer.kind === 'retry' && answer.mayHaveArrived;
    if (gone.aborted) return { kind: 'gone', probablyDelivered: mayHaveArrived, error: goneError(gone) };
    if (answer.kind === 'refused') {
      if (outcome.status === 'failed') return { kind: 'lost', outcome, attempts: attempt, error };
      outcome = refusedOutput(outcome.output, error);
      continue;
    }
    const leftMs = until() - clock.now();
    if (leftMs <= 0) return { kind: 'lost', outcome, attempts: attempt, error };
    const delayMs = Math.min(leftMs, retryDelay(answer.pace, attempt, plan.random));
    plan.onRetry({ attempt, delayMs, error });
    await clock.sleep(delayMs, gone);
    if (gone.aborted) return { kind: 'gone', probablyDelivered: mayHaveArrived, error: goneError(gone) };
  }
}

async function offer(
  token: string,
  outcome: Outcome,
  { port, clock, until }: ReportPlan,
): Promise<ReportAnswer> {
  const limit = new AbortController();
  const limitMs = Math.max(LAST_ATTEMPT_MS, Math.min(ATTEMPT_LIMIT_MS, until() - clock.now()));
  const cancel = clock.after(limitMs, () =>
    limit.abort(new Error(`no answer to a report within ${limitMs} ms`)),
  );
  try {
    return outcome.status === 'succeeded'
      ? await port.succeed(token, outcome.output, limit.signal)
      : await port.fail(token, outcome.error, outcome.cause, limit.signal);
  } finally {
    cancel();
  }
}

/** A success that the service refuses is replaced by one failure: its token is still live. */
function refusedOutput(output: string, error: Error): Outcome {
  const bytes = Buffer.byteLength(output);
  if (bytes <= OUTPUT_LIMIT_BYTES) {
    return ownFailure(OWN_ERROR.invalidOutput, `the service refused the output: ${error.message}`);
  }
  return ownFailure(
    OWN_ERROR.outputTooLarge,
    `the service refused the output of ${bytes} bytes: ${error.message}`,
  );
}

function retryDelay(pace: 'fast' | 'throttled' | 'slow', attempt: number, random: () => number): number {
  if (pace === 'slow') return slowly(...SLOW_RETRY_MS, random);
  return fullJitter(
    attempt,
    pace === 'throttled' ? THROTTLED_BASE_MS : RETRY_BASE_MS,
    RETRY_CEILING_MS,
    random,
  );
}

const goneError = (gone: AbortSignal): Error => gone.reason as Error;
