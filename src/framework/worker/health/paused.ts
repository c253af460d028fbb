import type { HandlerStatus } from '../../base/worker-status.js';

/** Returns a sentence for each handler that is paused, for people. */
export const pausedIn = (handlers: readonly HandlerStatus[]): string[] =>
  handlers.flatMap(({ name, paused }) => {
    if (!paused) return [];
    const { by, reason, until } = paused;
    const lasts = until === undefined ? '' : `, until ${new Date(until).toISOString()}`;
    return `${name}: paused by ${PAUSED_BY[by]}${reason === undefined ? '' : ` (${reason})`}${lasts}`;
  });

const PAUSED_BY = { control: 'a person', task: 'one of its tasks' } as const;
