import type { Abortable } from '../base/abort.js';
import type { ReportRequest } from './call-request.js';

/**
 * The four calls that a worker makes, and the meanings of their answers. An implementation never throws: whatever
 * happens to a call comes back as one of these answers, so that each caller decides about each of them.
 */
export interface ActivityPort {
  /**
   * Polls for one task. The service holds a poll open for up to a minute.
   * @param signal ends the poll. Only for polls that hang: the service may still lease a task to an ended poll.
   * @param onSent called once the request is on an established and trusted connection; at once where the connection
   * can't be watched.
   * @param onAgain called when a request that was answered is sent again, with other credentials or another time: the
   * service holds no poll until `onSent` is called again.
   */
  poll(
    activityArn: string,
    workerName: string,
    signal: Abortable,
    onSent: () => void,
    onAgain?: () => void,
  ): Promise<PollAnswer>;
  /** Reports the outcome of a task. The same request may be sent again. */
  report(request: ReportRequest, signal: Abortable): Promise<ReportAnswer>;
  /** Sends one heartbeat, and none for one that was refused: its caller repeats it, at the rate of heartbeats. */
  heartbeat(token: string, signal: Abortable): Promise<ReportAnswer>;
  /** Calls the listener whenever new credentials replace refused ones, so that refused calls may now succeed. */
  onMended?(listener: () => void): void;
}

/**
 * - `throttled`: too many calls.
 * - `crowded`: too many polls are open on the activity, of all workers together.
 * - `refused`: the activity does not exist, access is denied, or credentials are missing. It stays so until a person acts.
 * - `unreachable`: the network or the service is in trouble.
 */
export type PollTrouble = 'throttled' | 'crowded' | 'refused' | 'unreachable';

export type PollAnswer =
  | { readonly kind: 'task'; readonly token: string; readonly input: string }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'failed';
      readonly trouble: PollTrouble;
      /**
       * True where the service may have leased a task to this poll. The task's token, which is given out only once, is
       * then lost.
       */
      readonly mayHaveLostToken: boolean;
      /** True where the activity's KMS key is throttled, and not the calls of the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };

export type ReportAnswer =
  | { readonly kind: 'ok' }
  /** The service no longer wants the task. */
  | { readonly kind: 'gone'; readonly error: Error }
  /**
   * The service will never accept this output, error or cause, but the token is still valid: another outcome may be
   * reported.
   */
  | { readonly kind: 'refused'; readonly error: Error }
  | {
      readonly kind: 'retry';
      /**
       * The pace of repeating: `throttled` after too many calls; `slow` for trouble that a person must mend
       * (credentials, access, keys); `fast` for anything else.
       */
      readonly pace: 'fast' | 'throttled' | 'slow';
      /** True where the cause is over: the clock is corrected, or there are other credentials. @default false */
      readonly isMended?: boolean;
      /**
       * True where the service may have processed the call although its answer was lost: a later *gone* then means
       * accepted.
       */
      readonly mayHaveArrived: boolean;
      /** True where the activity's KMS key is throttled, and not the calls of the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };
