import type { Abortable } from '../base/abort.js';

/**
 * The four calls that a worker makes, and the meanings of their answers. An implementation never throws: whatever
 * happens to a call comes back as one of these answers, so that each caller decides about each of them.
 */
export interface ActivityPort {
  /**
   * Polls for one task. The service holds a poll open for up to a minute.
   * @param signal ends the poll. The service may still lease a task to it, so this is for polls that hang.
   * @param onSent called once the request is on a connection that is made and trusted; at once where that is not known.
   * @param onAgain called where the answered request is repeated, with other credentials or another time: the service
   * holds no poll until `onSent` is called again.
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
  /** Calls the listener whenever new credentials may mend what calls were refused for. */
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
      /** The service may have leased a task to this poll. Its token, which is given out only once, is then lost. */
      readonly mayHaveLostToken: boolean;
      /** True where the activity's KMS key is throttled, and not the calls of the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };

export type ReportAnswer =
  | { readonly kind: 'ok' }
  /** The service no longer wants the task. */
  | { readonly kind: 'gone'; readonly error: Error }
  /** The service will never accept this text, but the token is still valid: another outcome may be reported. */
  | { readonly kind: 'refused'; readonly error: Error }
  | {
      readonly kind: 'retry';
      /** `throttled` for too many calls; `slow` for trouble that a person must mend: credentials, access, keys. */
      readonly pace: 'fast' | 'throttled' | 'slow';
      /** The call may have been processed although its answer was lost: a later *gone* then means accepted. */
      readonly mayHaveArrived: boolean;
      /** True where the activity's KMS key is throttled, and not the calls of the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };
