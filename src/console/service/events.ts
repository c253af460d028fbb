import { useEffect, useState } from 'preact/hooks';
import type { EventWithData } from '../../framework/local/console/api.js';
import { query } from './calls.js';

const KEPT = 200;
const known = new Map<string, EventWithData>();

/**
 * Fetches an event with its inputs and outputs, which the stream of events leaves out. Returns undefined until it has
 * arrived.
 */
export function useEvent(execution: string, id: number | undefined): EventWithData | undefined {
  const key = `${execution}#${id}`;
  const [, arrived] = useState('');
  useEffect(() => {
    if (id === undefined || known.has(key)) return;
    query('event', { execution, id: String(id) }).then(
      (event) => {
        known.set(key, event);
        for (const [oldest] of known) if (known.size > KEPT) known.delete(oldest);
        arrived(key);
      },
      () => {},
    );
  }, [key]);
  return known.get(key);
}

/**
 * Returns the details of an event, whatever key they have (it depends on the event's type). Returns undefined if the
 * event has no details.
 */
export function detailsOf(event: EventWithData | undefined): Readonly<Record<string, unknown>> | undefined {
  const found = Object.entries(event ?? {}).find(([key]) => key.endsWith('EventDetails'));
  return found?.[1] as Readonly<Record<string, unknown>> | undefined;
}

/** Returns the input or the output in an event's details; undefined if the event doesn't have it. */
export function dataOf(event: EventWithData | undefined, field: 'input' | 'output'): string | undefined {
  const data = detailsOf(event)?.[field];
  return typeof data === 'string' ? data : undefined;
}
