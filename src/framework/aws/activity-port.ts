import type { Abortable } from '../base/abort.js';
import type { ReportRequest } from './call-request.js';

/**
 * The four calls that a worker makes, and what their answers mean. An implementation never throws: whatever happens to
 * a call is returned as one of these answers, so that each caller has to decide about each of them.
 */
export interface ActivityPort {
  /**
   * Polls for one task. The service holds a poll open for up to a minute.
   * @param signal ends the poll. To be used only for polls that hang: the service may still give a task to a poll that
   * was ended.
   * @param onSent called once the request is on an established and trusted connection; called at once if the connection
   * can't be watched.
   */
  poll(
    activityArn: string,
    workerName: string,
    signal: Abortable,
    onSent: () => void,
    more?: PollCall,
  ): Promise<PollAnswer>;
  /**
   * Reports the outcome of a task. The same request object may be reported several times.
   * @param isWanted called just before the report is sent, each time that it is: it may have waited for credentials
   */
  report(request: ReportRequest, signal: Abortable, isWanted?: () => boolean): Promise<ReportAnswer>;
  /**
   * Sends one heartbeat. A heartbeat that fails isn't sent again here: the caller repeats it, and keeps to the rate
   * limit of heartbeats.
   * @param isWanted called just before the heartbeat is sent: it may have waited for credentials
   */
  heartbeat(token: string, signal: Abortable, isWanted?: () => boolean): Promise<ReportAnswer>;
  /**
   * Calls the listener whenever refused credentials are replaced with new ones. Calls that were refused may succeed
   * now.
   */
  onMended?(listener: () => void): void;
}

/** The parts of a poll that only the poller needs. */
export interface PollCall {
  /**
   * Called when a request that was answered is sent again, with other credentials or another time. From then until the
   * next `onSent`, the service holds no poll.
   */
  readonly onAgain?: () => void;
  /** Called just before the poll is sent, each time that it is: it may have waited for credentials. @default always */
  readonly isWanted?: () => boolean;
}

/**
 * - `throttled`: too many calls.
 * - `crowded`: too many polls are open on the activity, those of other workers included.
 * - `refused`: the activity doesn't exist, access is denied, or credentials are missing. A person has to fix that.
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
       * True if the service may have given a task to this poll. The service sends a task's token only once, so that
       * task is then lost until it times out.
       */
      readonly mayHaveLostToken: boolean;
      /** True if the activity's KMS key is throttled, rather than the calls in the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };

export type ReportAnswer =
  | { readonly kind: 'ok' }
  /** The service no longer wants the task. */
  | { readonly kind: 'gone'; readonly error: Error }
  /**
   * The service will never accept this output, error or cause. But the token is still valid, so another outcome can be
   * reported.
   */
  | { readonly kind: 'refused'; readonly error: Error }
  | {
      readonly kind: 'retry';
      /**
       * How fast to repeat the call: `throttled` after too many calls; `slow` for trouble that a person must fix
       * (credentials, access, keys); `fast` for anything else.
       */
      readonly pace: 'fast' | 'throttled' | 'slow';
      /**
       * True if the cause of the failure is already gone: the clock was corrected, or there are other credentials.
       * @default false
       */
      readonly isMended?: boolean;
      /**
       * True if the service may have processed the call although its answer was lost. If a later attempt is answered
       * with *gone*, this one was accepted.
       */
      readonly mayHaveArrived: boolean;
      /** True if the activity's KMS key is throttled, rather than the calls in the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };
