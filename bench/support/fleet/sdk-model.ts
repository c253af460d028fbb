import type { Clock } from '../../../src/framework/base/time/clock.js';
import type { PollAnswer, ReportAnswer } from '../../../src/framework/aws/activity-port.js';

/** The retries of an AWS SDK's client, with the constants of its source. */
export interface RetryModel {
  readonly attempts: number;
  /** The ceiling of the first delay; each further one doubles it. Full jitter. */
  readonly baseMs: Readonly<Record<Retryable, number>>;
  readonly mostMs: number;
  /** Retries are paid for from what a client holds, and paid back by successes. Unset: they are free. */
  readonly capacity?: { readonly holds: number; readonly cost: Readonly<Record<Retryable, number>> };
}

type Retryable = 'throttled' | 'transient';

/** `@aws-sdk/client-sfn` 3.1164, mode standard (`@smithy/core`, util-retry). */
export const SDK_V3: RetryModel = {
  attempts: 3,
  baseMs: { throttled: 1_000, transient: 50 },
  mostMs: 20_000,
  capacity: { holds: 500, cost: { throttled: 5, transient: 14 } },
};

/** `aws-sdk` 2.1693 (`lib/service.js`, `lib/util.js`). */
export const SDK_V2: RetryModel = {
  attempts: 4,
  baseMs: { throttled: 100, transient: 100 },
  mostMs: Number.POSITIVE_INFINITY,
};

/** Both open so many connections to a host at most. */
const SOCKETS = 50;

/** One client: its retries, and the sockets that its polls and its reports share. */
export class SdkClient {
  readonly #waiting: (() => void)[] = [];
  #free = SOCKETS;
  #capacity: number;

  constructor(
    private readonly model: RetryModel,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {
    this.#capacity = model.capacity?.holds ?? 0;
  }

  /** Sends, and retries as the SDK does. @returns the last answer */
  async send<T extends PollAnswer | ReportAnswer>(call: () => Promise<T>): Promise<T> {
    const { capacity, attempts, baseMs, mostMs } = this.model;
    let paid = 1;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#overSocket(call);
      const why = retryableOf(answer);
      if (!('error' in answer)) this.#earn(paid);
      const cost = (why && capacity?.cost[why]) ?? 0;
      if (!why || attempt >= attempts || (capacity && this.#capacity < cost)) return answer;
      this.#capacity -= cost;
      paid = cost;
      await this.clock.sleep(Math.round(this.random() * Math.min(mostMs, baseMs[why] * 2 ** (attempt - 1))));
    }
  }

  #earn(amount: number): void {
    const { capacity } = this.model;
    if (capacity) this.#capacity = Math.min(capacity.holds, this.#capacity + amount);
  }

  async #overSocket<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

function retryableOf(answer: PollAnswer | ReportAnswer): Retryable | undefined {
  if (!('error' in answer)) return undefined;
  const { name, code, $metadata } = answer.error as Error & {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (name === 'ThrottlingException') return 'throttled';
  return code !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500 ? 'transient' : undefined;
}
