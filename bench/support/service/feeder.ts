import type { Clock } from '../../../src/framework/base/time/clock.js';
import { roll } from '../random.js';
import { RawClient } from './raw-client.js';

/** Tasks that are started at an even pace. */
export interface Feed {
  /** @default the service's own */
  readonly activityArn?: string;
  readonly tasks: number;
  /** Executions started a second; unset: as fast as it goes. */
  readonly perSecond?: number;
  /** The fields of each task's input beside its number `n`, its start `at` (on the service's clock) and `sleepMs`. */
  readonly input?: object;
  /** The work time of each, in milliseconds; `spread` is the most by which it differs, by its number. */
  readonly sleepMs: number;
  readonly spreadMs?: number;
}

const CONNECTIONS = 8;
const TICK_MS = 5;

/** Starts executions from within the service's own process, where it costs least. */
export class Feeder {
  readonly #idle: RawClient[] = [];
  #fed: number[] = [];
  #done: Promise<void> = Promise.resolve();

  private constructor(
    private readonly machineOf: (activityArn?: string) => string,
    private readonly clock: Clock,
  ) {}

  static async open(url: string, machineOf: (activityArn?: string) => string, clock: Clock): Promise<Feeder> {
    const feeder = new Feeder(machineOf, clock);
    for (let n = 0; n < CONNECTIONS; n++) feeder.#idle.push(await RawClient.open(url));
    return feeder;
  }

  /** Begins; `fed` tells when it is done. */
  begin(feed: Feed): void {
    this.#fed = [];
    this.#done = this.#feed(feed);
  }

  /** Resolves to the start of each task of the feed, by number, after the last. */
  async fed(): Promise<readonly number[]> {
    await this.#done;
    return this.#fed;
  }

  async #feed(feed: Feed): Promise<void> {
    const { tasks, perSecond = Number.POSITIVE_INFINITY } = feed;
    const began = this.clock.now();
    const open = new Set<Promise<void>>();
    while (this.#fed.length < tasks) {
      const due = Math.min(tasks, Math.ceil(((this.clock.now() - began + 1) / 1000) * perSecond));
      while (this.#fed.length < due && this.#idle.length > 0) {
        const started = this.#start(feed).finally(() => open.delete(started));
        open.add(started);
      }
      if (this.#fed.length < due) await Promise.race(open);
      else await this.clock.sleep(TICK_MS);
    }
    await Promise.all(open);
  }

  async #start({ activityArn, input, sleepMs, spreadMs = 0 }: Feed): Promise<void> {
    const client = this.#idle.pop();
    if (!client) throw new Error('no connection is free');
    const at = this.clock.now();
    const n = this.#fed.push(at) - 1;
    const worksMs = Math.round(sleepMs + spreadMs * (2 * roll(0, n) - 1));
    const text = JSON.stringify({ n, at, sleepMs: worksMs, ...input });
    await client.call('StartExecution', {
      stateMachineArn: this.machineOf(activityArn),
      input: text,
    });
    this.#idle.push(client);
  }
}
