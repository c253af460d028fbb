import type { JSX } from 'preact';
import type { HistoryEvent } from '../../../../framework/local/console/api.js';
import { duration } from '../../../model/format.js';
import { Icon } from '../../../parts/icons.js';
import { Json } from '../../../parts/json.js';
import { useEvent } from '../../../service/events.js';
import { eventSummary, eventTone } from './event-summary.js';

interface EventRowProps {
  /** The ARN of the execution to which the event belongs. */
  readonly execution: string;
  readonly event: HistoryEvent;
  readonly state: string | undefined;
  readonly startedAt: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

export function EventRow(props: EventRowProps): JSX.Element {
  const { execution, event, state, startedAt, isOpen, onToggle } = props;
  const { id, type, at } = event;
  return (
    <>
      <span role="cell" class="number">
        <button
          type="button"
          class="quiet fold"
          aria-expanded={isOpen}
          onClick={onToggle}
          aria-label={`Event ${id}`}
        >
          <Icon name={isOpen ? 'down' : 'right'} />
          {id}
        </button>
      </span>
      <span role="cell" class={`event-type ${eventTone(type)}`}>
        {type}
      </span>
      <span role="cell" class="grow" dir="auto">
        {state ?? ''}
      </span>
      <span role="cell" class="faint what" dir="auto">
        {eventSummary(event)}
      </span>
      <span role="cell" class="number faint">
        {duration(at - startedAt)}
      </span>
      {isOpen && (
        <span role="cell" class="unfolded">
          <EventJson execution={execution} id={id} />
        </span>
      )}
    </>
  );
}

function EventJson({ execution, id }: { readonly execution: string; readonly id: number }): JSX.Element {
  const event = useEvent(execution, id);
  if (!event) return <p class="faint">…</p>;
  return <Json text={JSON.stringify(unpacked(event))} label={`Event ${id}`} />;
}

/**
 * Replaces the inputs, outputs and causes in an event, which are JSON texts, by their parsed values, so that the whole
 * event can be shown as one JSON value.
 */
function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpacked);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    typeof each === 'string' && /^(input|output|cause|parameters)$/.test(key) ? parsed(each) : unpacked(each),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
