import { MINUTE_MS } from './backlog.js';

/** Workers are called superfluous once they were so for this long. */
const STEADY_MS = 5 * MINUTE_MS;

/**
 * The number of missing workers as alarms need it, which know no window that they could look back over: what is missing
 * is told at once, and below zero stands only what was not needed for five minutes.
 */
export class ScaleInDelay {
  readonly #told: { readonly at: number; readonly missing: number }[] = [];
  #since: number | undefined;

  /** Notes the number of this moment. Returns the number to publish. */
  note(missing: number, now: number): number {
    this.#since ??= now;
    this.#told.push({ at: now, missing });
    while ((this.#told[0]?.at ?? now) < now - STEADY_MS) this.#told.shift();
    // After a start it is not known yet what was needed before.
    if (now - this.#since < STEADY_MS) return Math.max(0, missing);
    return missing >= 0 ? missing : Math.max(...this.#told.map((each) => Math.min(0, each.missing)));
  }
}
