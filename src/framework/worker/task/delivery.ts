import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import type { ActivityPort } from '../../aws/port.js';
import { offer, type OfferPlan, type ReportEnd, type ReportPace } from './report.js';

export interface DeliveryParts {
  readonly token: string;
  readonly port: ActivityPort;
  readonly pace: ReportPace;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long an outcome is offered when the service does not take it. */
  readonly reportLimitMs: number;
  readonly onRetry: OfferPlan['onRetry'];
}

/**
 * The way of one decided outcome to the service: it is offered until it is accepted, the task is gone or time is up. It
 * knows nothing of the handler, which may have settled long ago, nor of the heartbeat, which goes on until it has ended.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #gone = new Abort();
  #by = Number.POSITIVE_INFINITY;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** A drain brings the end of the offering forward. @param by in epoch milliseconds. */
  endBy(by: number): void {
    this.#by = by;
  }

  /** The service no longer wants the task: nothing more is sent. */
  cancel(error: Error): void {
    this.#gone.abort(error);
  }

  /** Offers the outcome. Never rejects. */
  run(outcome: Outcome): Promise<ReportEnd> {
    const { token, port, pace, clock, random, onRetry, reportLimitMs } = this.#parts;
    const limit = clock.now() + reportLimitMs;
    const until = (): number => Math.min(limit, this.#by);
    return offer(token, outcome, { port, pace, clock, random, onRetry, until, gone: this.#gone });
  }
}
