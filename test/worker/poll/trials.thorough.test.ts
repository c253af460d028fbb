import { describe, expect, test } from '@jest/globals';
import type { PollAnswer, ReportAnswer } from '../../../src/framework/aws/activity-port.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { portOf, seeded, task, workerOn } from '../../support/port.js';

const LATENCY_MS = 40;

const THROTTLED: PollAnswer = {
  kind: 'failed',
  trouble: 'throttled',
  mayHaveLostToken: false,
  error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
};

const UNREACHABLE: PollAnswer = {
  kind: 'failed',
  trouble: 'unreachable',
  mayHaveLostToken: false,
  error: new Error('connect ECONNREFUSED'),
};
const REFUSALS = [THROTTLED, UNREACHABLE] as const;

describe('a service that fails a tenth of all calls', () => {
  const [WORKERS, TASK_MS, SECONDS] = [2, 200, 30];

  /**
   * A queue of tasks that fails calls before it does anything for them.
   * @param refusals how, each as likely as the others; none fails if there are none
   */
  class Service {
    /** The scheduled tasks, by their numbers: the times at which each was scheduled, started and succeeded. */
    readonly tasks: { scheduledAt: number; startedAt?: number; succeededAt?: number }[] = [];
    readonly #waiting: number[] = [];
    readonly #polls: ((n: number) => void)[] = [];

    constructor(
      readonly clock: HandClock,
      readonly refusals: readonly (typeof REFUSALS)[number][],
      readonly random: () => number,
    ) {}

    schedule(): void {
      const n = this.tasks.push({ scheduledAt: this.clock.now() }) - 1;
      const poll = this.#polls.shift();
      if (poll) poll(n);
      else this.#waiting.push(n);
    }

    readonly port = portOf(
      async (_activity, _worker, _signal, onSent) => {
        onSent();
        const refusal = await this.#refusal();
        if (refusal) return refusal;
        const n = this.#waiting.shift() ?? (await new Promise<number>((given) => this.#polls.push(given)));
        Object.assign(this.tasks[n] ?? {}, { startedAt: this.clock.now() });
        await this.clock.sleep(LATENCY_MS / 2);
        return task(n);
      },
      {
        report: async ({ operation, input: { taskToken = '' } }): Promise<ReportAnswer> => {
          const refusal = await this.#refusal();
          const pace = refusal === THROTTLED ? 'throttled' : 'fast';
          if (refusal) return { kind: 'retry', pace, mayHaveArrived: false, error: refusal.error };
          const succeeded = operation === 'SendTaskSuccess' && { succeededAt: this.clock.now() };
          Object.assign(this.tasks[Number(taskToken.slice(1))] ?? {}, succeeded);
          await this.clock.sleep(LATENCY_MS / 2);
          return { kind: 'ok' };
        },
      },
    );

    /** The way to the service. */
    async #refusal(): Promise<(typeof REFUSALS)[number] | undefined> {
      await this.clock.sleep(LATENCY_MS * (0.25 + this.random() / 2));
      if (this.random() >= 0.1) return undefined;
      return this.refusals[Math.floor(this.random() * this.refusals.length)];
    }
  }

  /** @param arrival one task each `everyMs` milliseconds, or `many` at once as often as that allows */
  async function served(
    refusals: Service['refusals'],
    { everyMs, many = 1 }: { readonly everyMs: number; readonly many?: number },
  ) {
    // The limit for crowds holds for the order in which a full turn lets calls follow each other.
    const clock = new HandClock(0, { promisesOnly: many === 1 });
    const service = new Service(clock, refusals, seeded(1));
    const { port, tasks } = service;
    const work = () => clock.sleep(TASK_MS);
    for (let n = 1; n <= WORKERS; n++) workerOn(port, { clock, random: seeded(n), work });
    await clock.advance(5_000);
    const from = clock.now();
    while (clock.now() < from + SECONDS * 1_000) {
      for (let n = 0; n < many; n++) service.schedule();
      await clock.advance(many * everyMs);
    }
    const inTime = tasks.filter(({ succeededAt = Infinity }) => succeededAt <= clock.now()).length;
    await clock.advance(120_000);
    const waits = tasks.map(({ scheduledAt, startedAt = Infinity }) => startedAt - scheduledAt);
    return {
      inTime,
      succeeded: tasks.filter(({ succeededAt }) => succeededAt !== undefined).length,
      p99: waits.toSorted((a, b) => a - b)[Math.floor(0.99 * waits.length)],
    };
  }

  // A third of what the slots could do, nearly all of it, and a third that comes in crowds.
  test.each([
    [{ everyMs: 33 }, 20],
    [{ everyMs: 14 }, 50],
    [{ everyMs: 33, many: 30 }, 350],
  ])(
    'has each task started soon, nine tenths of the work done in time, and none lost: %j, within %i ms',
    async (arrival, withinMs) => {
      const calm = await served([], arrival);
      for (const refusals of [...REFUSALS.map((each) => [each]), REFUSALS]) {
        const { inTime, succeeded, p99 } = await served(refusals, arrival);
        expect(succeeded).toBe(calm.succeeded);
        expect(p99).toBeLessThanOrEqual(withinMs);
        expect(inTime).toBeGreaterThanOrEqual(0.9 * calm.inTime);
        if (process.env['SHOW']) console.log(arrival, inTime, succeeded, p99, calm);
      }
    },
    600_000,
  );
});
