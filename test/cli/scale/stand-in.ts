import type { ScalerSources } from '../../../src/framework/cli/scale/fleet-scaler.js';
import { type FoundWorker, seenIn } from '../../../src/framework/cli/scale/worker-statuses.js';

export type Metrics = ScalerSources['metrics'];

/** CloudWatch in this process, for where there is no other. */
export function standIn(): {
  metrics: Metrics;
  put: (name: string, at: number, sum: number) => Promise<void>;
} {
  const points = new Map<string, { at: number; sum: number }[]>();
  const published = new Map<string, number[]>();
  const of = (name: string) => points.get(name) ?? [];
  return {
    put: async (name, at, sum) => void points.set(name, [...of(name), { at, sum }]),
    metrics: {
      counts: async () => [{ scheduled: of('ActivitiesScheduled'), started: of('ActivitiesStarted') }],
      runMs: async () => [undefined],
      work: async (arns, since) =>
        arns.map(() => {
          const from = (name: string) => of(name).filter(({ at }) => at >= since);
          return { started: from('ActivitiesStarted'), ended: from('ActivitiesSucceeded'), ran: [] };
        }),
      greatest: async (metrics, _, most) =>
        metrics.map(({ name }) => {
          const values = (published.get(name) ?? []).filter((value) => value <= most);
          return values.length > 0 ? Math.max(...values) : undefined;
        }),
      publish: async (values) => {
        for (const { name, value } of values) published.set(name, [...(published.get(name) ?? []), value]);
      },
    },
  };
}

/** Returns the worker of a status that is believed. @throws Error with the reason if it isn't */
export function believed(status: unknown, now = Date.now()): FoundWorker {
  const seen = seenIn(status, now);
  if (typeof seen === 'string' || seen.wrongClock !== undefined) throw new Error(JSON.stringify(seen));
  return seen.worker;
}
