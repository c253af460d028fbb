import { type Linked, LinkedList } from '../../base/linked-list.js';

/**
 * The most reports of one handler in flight at once. If the service takes half a second for each, it still gets 512 per
 * second, more than AWS's quota. If it answers only 17 per second, each report is still answered within the time limit
 * of an attempt. With more in flight, a service that is slow because it is overloaded would be burdened even more.
 */
export const MOST_REPORTS_IN_FLIGHT = 256;

/** A report that waits until fewer reports are in flight. */
export interface WaitingReport {
  /** Resolves when the report may be sent. From then on it counts as in flight. */
  readonly turn: Promise<void>;
  /** Ends the wait now, even if too many reports are in flight. */
  readonly go: () => void;
}

/**
 * Limits how many reports of one handler are in flight. So a service that answers slowly, or not at all, doesn't get
 * all waiting results at once, and a handler's reports don't wait for those of another handler.
 *
 * Waiting reports are sent in the order in which they started to wait. A report that is repeated waits behind those
 * that already wait, so a report whose attempts hang can't delay another for ever.
 */
export class ReportsInFlight {
  readonly #most: number;
  readonly #waiting = new LinkedList<Waiting>();
  #many = 0;

  constructor(most = MOST_REPORTS_IN_FLIGHT) {
    this.#most = most;
  }

  /**
   * Counts one more report. If it returns undefined, the report may be sent at once. For each report, `leave` must be
   * called later.
   */
  enter(): WaitingReport | undefined {
    if (this.#many < this.#most) {
      this.#many++;
      return undefined;
    }
    const waiting = new Waiting((report) => {
      if (this.#waiting.remove(report)) this.#many++;
    });
    this.#waiting.add(waiting);
    return waiting;
  }

  /** To be called when a report was answered or given up. */
  leave(): void {
    this.#many--;
    if (this.#many < this.#most) this.#waiting.first?.go();
  }
}

class Waiting implements WaitingReport, Linked<Waiting> {
  readonly turn: Promise<void>;
  readonly go: () => void;
  previous: Waiting | undefined;
  next: Waiting | undefined;

  constructor(onGo: (report: Waiting) => void) {
    let resolve = (): void => {};
    this.turn = new Promise((settle) => (resolve = settle));
    this.go = () => {
      onGo(this);
      resolve();
    };
  }
}
