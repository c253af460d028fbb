import { effect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { EventWithData } from '../../framework/local/console/api.js';
import { detailsOf } from '../../framework/local/view/history-event.js';
import type { StartedFrom } from '../model/copy-as.js';
import { query } from './calls.js';
import { restarts } from './stream.js';
import type { ExecutionView } from './topics.js';

const KEPT = 200;
const known = new Map<string, EventWithData>();
effect(() => {
  if (restarts.value > 0) known.clear();
});

/** An execution, of which another one may have the same ARN after a restart of the service. */
export interface ShownExecution {
  readonly arn: string;
  readonly startedAt: number;
}

/**
 * Fetches a history event with its inputs and outputs, since the stream of events contains neither. Returns undefined
 * until it has arrived.
 */
export function useEvent(
  { arn: execution, startedAt }: ShownExecution,
  id: number | undefined,
): EventWithData | undefined {
  const key = `${execution}#${startedAt}#${id}`;
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

/** Returns the input or the output in a history event; undefined if the event has none. */
export function dataOf(event: EventWithData | undefined, field: 'input' | 'output'): string | undefined {
  const data = detailsOf(event)?.[field];
  return typeof data === 'string' ? data : undefined;
}

/** Returns the state in which an execution began, and the earlier execution; undefined if it began at the start. */
export function startedFromOf({ run }: Pick<ExecutionView, 'run'>): StartedFrom | undefined {
  return run.events[0]?.details?.['startedFrom'] as StartedFrom | undefined;
}

/**
 * Returns the input with which an execution began: its own or, if it began in a state, that of the state. Undefined until
 * it has arrived.
 */
export function useFirstInput(view: ExecutionView): string | undefined {
  const from = startedFromOf(view);
  const entered = useEvent(view, from && view.run.visits[0]?.id);
  return from ? dataOf(entered, 'input') : view.input;
}
