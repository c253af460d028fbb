import type { JSX } from 'preact';
import type { HistoryEvent } from '../../../../framework/local/console/api.js';
import { duration } from '../../../model/format.js';
import { jsonProblem } from '../../../model/json-text.js';
import { Icon } from '../../../parts/icons.js';
import { Json } from '../../../parts/json.js';
import { useEvent } from '../../../service/events.js';
import type { ExecutionView } from '../../../service/topics.js';
import { eventSummary, eventTone } from './event-summary.js';

interface EventRowProps {
  readonly view: ExecutionView;
  readonly event: HistoryEvent;
  readonly state: string | undefined;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

export function EventRow(props: EventRowProps): JSX.Element {
  const { view, event, state, isOpen, onToggle } = props;
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
      <span role="cell" class={`event-type ${eventTone(type)}`} title={type}>
        {type}
      </span>
      <span role="cell" dir="auto" title={state}>
        {state ?? ''}
      </span>
      <span role="cell" class="faint" dir="auto" title={eventSummary(event)}>
        {eventSummary(event)}
      </span>
      <span role="cell" class="number faint">
        {duration(at - view.startedAt)}
      </span>
      {isOpen && (
        <span role="cell" class="unfolded">
          <EventJson view={view} id={id} />
        </span>
      )}
    </>
  );
}

function EventJson({ view, id }: { readonly view: ExecutionView; readonly id: number }): JSX.Element {
  const event = useEvent(view, id);
  if (!event) return <p class="faint">…</p>;
  return <Json text={unpacked(event)} label={`Event ${id}`} />;
}

/** The fields of an event that contain JSON as text. */
const JSON_TEXTS = /^(?:input|output|cause|parameters)$/;

/**
 * Returns an event as one JSON text, in which the inputs, outputs and causes are JSON as well, and not JSON in a string.
 * They aren't parsed for this, since parsing would change long numbers.
 */
function unpacked(value: unknown, key = ''): string {
  if (typeof value === 'string' && JSON_TEXTS.test(key) && jsonProblem(value) === undefined) return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => unpacked(each)).join()}]`;
  const entries = Object.entries(value).map(
    ([name, each]) => `${JSON.stringify(name)}:${unpacked(each, name)}`,
  );
  return `{${entries.join()}}`;
}
