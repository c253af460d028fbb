import { type Linked, LinkedList } from '../../base/linked-list.js';

/**
 * The most reports of one handler that may wait for their responses at once. If the service takes half a second for
 * each, it still gets 512 per second, more than AWS's quota. If it can only process 17 per second, each report still
 * gets its response within an attempt's time limit. A higher limit would burden a service that is slow because it is
 * overloaded.
 */
export const MOST_REPORTS_IN_FLIGHT = 256;

/** A report that isn't sent yet, because too many others wait for their responses. */
export interface WaitingReport {
  /** Resolves when the report may be sent. From then on the report itself counts as waiting for its response. */
  readonly turn: Promise<void>;
  /** Ends the wait: resolves `turn` now, even if too many reports wait for their responses. */
  readonly go: () => void;
}

/**
 * Limits how many reports of one handler wait for their responses at once. Because of the limit, a service that
 * responds slowly or not at all doesn't get all results at once. Because each handler has its own limit, its reports
 * don't wait for those of other handlers.
 *
 * Reports are sent in the order in which they began to wait. A report that is repeated goes to the end of the queue, so
 * reports whose attempts hang can't delay others for ever.
 */
export class ReportsInFlight {
  readonly #most: number;
  readonly #waiting = new LinkedList<Waiting>();
  #many = 0;

  constructor(most = MOST_REPORTS_IN_FLIGHT) {
    this.#most = most;
  }

  /**
   * Counts one more report as waiting for its response, and returns undefined if it may be sent at once. Otherwise
   * returns an object with which the report waits. `leave` must be called once for each call of `enter`.
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

  /** To be called when a report has got its response, or was given up. */
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
