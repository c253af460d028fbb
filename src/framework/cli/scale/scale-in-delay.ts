import { MINUTE_MS } from './backlog.js';

/** Workers are reported as not needed only after they were not needed for this many milliseconds. */
const STEADY_MS = 5 * MINUTE_MS;

/**
 * Computes the number of missing workers that is published for CloudWatch alarms. If workers are missing, that is
 * published at once. A negative number (workers to remove) only counts workers that weren't needed at any time in the
 * last five minutes, since an alarm may react to a single value.
 */
export class ScaleInDelay {
  readonly #told: { readonly at: number; readonly missing: number }[] = [];
  #since: number | undefined;

  /** Records the present number of missing workers. @returns the number to publish */
  note(missing: number, now: number): number {
    this.#since ??= now;
    this.#told.push({ at: now, missing });
    while ((this.#told[0]?.at ?? now) < now - STEADY_MS) this.#told.shift();
    // After a start it is not known yet what was needed before.
    if (now - this.#since < STEADY_MS) return Math.max(0, missing);
    return missing >= 0 ? missing : Math.max(...this.#told.map((each) => Math.min(0, each.missing)));
  }
}
