import type { Abortable } from '../base/abort.js';

/**
 * The four calls that a worker makes, and what an answer means to it. An implementation never throws: whatever
 * happens on the wire comes back as one of these answers, so that each caller has to decide about each of them.
 */
export interface ActivityPort {
  /**
   * Asks for one task. Held open by the service for up to a minute.
   * @param signal gives the poll up. The service may still lease a task to it, so this is for polls that hang.
   * @param onSent called once the request is on a connection that was made and is trusted; at once where that can't
   * be told.
   * @param onAgain called where that request was answered and is made again, for other credentials or another time:
   * nothing is held by the service until `onSent` is called again.
   */
  poll(
    activityArn: string,
    workerName: string,
    signal: Abortable,
    onSent: () => void,
    onAgain?: () => void,
  ): Promise<PollAnswer>;
  succeed(token: string, output: string, signal: Abortable): Promise<ReportAnswer>;
  fail(token: string, error: string, cause: string, signal: Abortable): Promise<ReportAnswer>;
  heartbeat(token: string, signal: Abortable): Promise<ReportAnswer>;
  /** Calls back whenever what calls were refused for may be mended: there are new credentials. */
  onMended?(listener: () => void): void;
}

/**
 * - `throttled`: too many calls.
 * - `crowded`: too many polls are open on the activity, of all workers together.
 * - `refused`: the activity does not exist, access is denied, credentials are missing: somebody must act.
 * - `unreachable`: the network or the service is in trouble.
 */
export type PollTrouble = 'throttled' | 'crowded' | 'refused' | 'unreachable';

export type PollAnswer =
  | { readonly kind: 'task'; readonly token: string; readonly input: string }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'failed';
      readonly trouble: PollTrouble;
      /** The service may have leased a task to this poll: a token is handed out only once, so it would be lost. */
      readonly mayHaveLostToken: boolean;
      readonly error: Error;
    };

export type ReportAnswer =
  | { readonly kind: 'ok' }
  /** The service no longer wants the task. */
  | { readonly kind: 'gone'; readonly error: Error }
  /** The service itself will never take this text, but the token lives: another outcome may be reported. */
  | { readonly kind: 'refused'; readonly error: Error }
  | {
      readonly kind: 'retry';
      /** `throttled` for too many calls; `slow` for trouble that somebody must mend: credentials, access, keys. */
      readonly pace: 'fast' | 'throttled' | 'slow';
      /** The call may have been processed although its answer was lost: a later *gone* then means delivered. */
      readonly mayHaveArrived: boolean;
      readonly error: Error;
    };
