import { type Linked, LinkedList } from '../../base/linked-list.js';

/**
 * The most reports of one handler in flight at one time. A service that takes half a second for each still gets 512 a
 * second, more than AWS's quota; one that answers 17 a second answers each within the limit of an attempt. More would
 * burden a service that is slow because it is overloaded.
 */
export const MOST_REPORTS_IN_FLIGHT = 256;

/** A report that waits until fewer are in flight. */
export interface WaitingReport {
  /** Resolves when the report may be sent. It then counts as in flight. */
  readonly turn: Promise<void>;
  /** Lets the report go now, however many are in flight. */
  readonly go: () => void;
}

/**
 * Limits the reports of one handler that are in flight, so that a service which answers slowly or not at all is not sent
 * every result that waits at once, and no handler's reports wait for another's. Those that wait go in the order in which
 * they came: first attempts as their tasks were decided, a repeated one behind those that already wait, so that one whose
 * attempts hang holds up none for ever.
 */
export class ReportsInFlight {
  readonly #most: number;
  readonly #waiting = new LinkedList<Waiting>();
  #many = 0;

  constructor(most = MOST_REPORTS_IN_FLIGHT) {
    this.#most = most;
  }

  /** Counts one more report, which may be sent at once where nothing is returned. Each is to `leave` again. */
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

  /** A report was answered or given up. */
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
