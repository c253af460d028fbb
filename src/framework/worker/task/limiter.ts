/** One who waits for a limiter. */
export interface Caller {
  /** False if nothing is to be sent any more, so that the next one gets the turn. */
  readonly wants: boolean;
  /** Called when it may send one call, which it has to do at once. */
  go(): void;
}

/** Limits how many calls of one kind are sent to one region and account. */
export interface Limiter {
  /** True if calls are limited, because the service throttled many. */
  readonly isLimited: boolean;
  /** @returns true if the caller may send one call now; otherwise it waits, and `go` is called when its turn has come */
  take(caller: Caller): boolean;
  /** Makes the caller wait no longer. */
  leave(caller: Caller): void;
  /**
   * Records an answer to a call.
   * @param isThrottled true if the service refused the call because of too many calls in the region and account
   * @param sentAt the time at which the call was sent, in epoch milliseconds
   */
  answered(isThrottled: boolean, sentAt: number): void;
}
