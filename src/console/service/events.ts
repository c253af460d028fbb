import { useEffect, useState } from 'preact/hooks';
import { ask } from './calls.js';

/** An event with its data. */
export type WholeEvent = Readonly<Record<string, unknown>>;

const KEPT = 200;
const known = new Map<string, WholeEvent>();

/** Fetches an event with its inputs and outputs, which the stream leaves out. Undefined until it is there. */
export function useEvent(execution: string, id: number | undefined): WholeEvent | undefined {
  const key = `${execution}#${id}`;
  const [, arrived] = useState('');
  useEffect(() => {
    if (id === undefined || known.has(key)) return;
    ask<WholeEvent>('event', { execution, id: String(id) }).then(
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

/** Its details, whatever its type. */
export function detailsOf(event: WholeEvent | undefined): Readonly<Record<string, unknown>> | undefined {
  if (!event) return undefined;
  const key = Object.keys(event).find((each) => each.endsWith('EventDetails'));
  return key === undefined ? undefined : (event[key] as Readonly<Record<string, unknown>>);
}

/** The input or the output of an event. */
export function dataOf(event: WholeEvent | undefined, field: 'input' | 'output'): string | undefined {
  const data = detailsOf(event)?.[field];
  return typeof data === 'string' ? data : undefined;
}
