import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { HistoryEvent } from '../../../framework/local/console/api.js';
import { count, duration } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { Json } from '../../parts/json.js';
import { VirtualTable } from '../../parts/virtual-table.js';
import { useEvent } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';

interface EventsProps {
  readonly view: ExecutionView;
  /** Only the events of this state. */
  readonly state: string | undefined;
  readonly onState: (state: string | undefined) => void;
}

const KINDS = { all: 'All events', states: 'States', tasks: 'Tasks', errors: 'Errors' } as const;
type Kind = keyof typeof KINDS;

const isKind: Readonly<Record<Kind, (event: HistoryEvent) => boolean>> = {
  all: () => true,
  states: ({ type }) => /State(Entered|Exited)$|^Execution/.test(type),
  tasks: ({ type }) => /^(Activity|Task|LambdaFunction)(?!State)/.test(type),
  errors: ({ type }) => toneOf(type) === 'red' || toneOf(type) === 'grey',
};

/** The history: filtered, and each event unfolds to its JSON. */
export function EventTable({ view, state, onState }: EventsProps): JSX.Element {
  const { run, known, arn } = view;
  const [kind, setKind] = useState<Kind>('all');
  const [text, setText] = useState('');
  const [unfolded, setUnfolded] = useState<ReadonlySet<string | number>>(new Set());
  const events = useMemo(() => {
    const wanted = text.toLowerCase();
    return run.events.filter(
      (event) =>
        isKind[kind](event) &&
        (state === undefined || run.visitOf(event.id)?.name === state) &&
        (wanted === '' || wordsOf(event, run.visitOf(event.id)?.name).toLowerCase().includes(wanted)),
    );
  }, [run, known, kind, state, text]);
  const toggle = (id: number): void => {
    const next = new Set(unfolded);
    if (!next.delete(id)) next.add(id);
    setUnfolded(next);
  };
  return (
    <section class="panel events" aria-label="Events">
      <div class="filters">
        <h2 class="panel-title">Events</h2>
        <label>
          <span class="sr">Which events</span>
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {Object.entries(KINDS).map(([value, word]) => (
              <option value={value}>{word}</option>
            ))}
          </select>
        </label>
        <label class="grow">
          <span class="sr">Search the events</span>
          <input
            type="search"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            placeholder="Search"
          />
        </label>
        {state !== undefined && (
          <button type="button" class="chip" onClick={() => onState(undefined)}>
            <span dir="auto">{state}</span>
            <Icon name="close" />
            <span class="sr">Show the events of all states</span>
          </button>
        )}
        <p class="faint total" role="status">
          {events.length === known
            ? count(known, 'event')
            : `${events.length.toLocaleString('en')} of ${count(known, 'event')}`}
        </p>
      </div>
      <VirtualTable
        name="events"
        label="Events"
        items={events}
        keyOf={({ id }) => id}
        rowHeight={34}
        unfolded={unfolded}
        unfoldedHeight={260}
        columns={['Id', 'Type', 'State', 'What', 'After']}
        empty="No event is like that."
        row={(event) => (
          <EventRow
            execution={arn}
            event={event}
            state={run.visitOf(event.id)?.name}
            startedAt={view.startedAt}
            isOpen={unfolded.has(event.id)}
            onToggle={() => toggle(event.id)}
          />
        )}
      />
    </section>
  );
}

interface EventRowProps {
  readonly execution: string;
  readonly event: HistoryEvent;
  readonly state: string | undefined;
  readonly startedAt: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function EventRow({ execution, event, state, startedAt, isOpen, onToggle }: EventRowProps): JSX.Element {
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
      <span role="cell" class={`event-type ${toneOf(type)}`}>
        {type}
      </span>
      <span role="cell" class="grow" dir="auto">
        {state ?? ''}
      </span>
      <span role="cell" class="faint what" dir="auto">
        {said(event)}
      </span>
      <span role="cell" class="number faint">
        {duration(at - startedAt)}
      </span>
      {isOpen && (
        <span role="cell" class="unfolded">
          <Unfolded execution={execution} id={id} />
        </span>
      )}
    </>
  );
}

function Unfolded({ execution, id }: { readonly execution: string; readonly id: number }): JSX.Element {
  const event = useEvent(execution, id);
  return event ? (
    <Json text={JSON.stringify(readable(event))} label={`Event ${id}`} />
  ) : (
    <p class="faint">…</p>
  );
}

/** Inputs, outputs and causes are JSON in a text: as JSON they can be read. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        typeof each === 'string' && /^(input|output|cause|parameters)$/.test(key)
          ? parsed(each)
          : readable(each),
      ]),
    );
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function toneOf(type: string): string {
  if (/Failed|TimedOut/.test(type)) return 'red';
  if (/Aborted/.test(type)) return 'grey';
  if (/Succeeded/.test(type)) return 'green';
  if (/Scheduled|Started/.test(type)) return 'blue';
  return '';
}

/** The most telling of its details. */
function said({ details = {} }: HistoryEvent): string {
  const { error, cause, workerName, index, length, resource } = details;
  if (typeof error === 'string')
    return typeof cause === 'string' && !cause.startsWith('{') ? `${error}: ${cause}` : error;
  if (typeof workerName === 'string') return `by ${workerName}`;
  if (typeof index === 'number') return `iteration ${index}`;
  if (typeof length === 'number') return `${length} items`;
  return typeof resource === 'string' ? (resource.split(':').at(-1) ?? '') : '';
}

const wordsOf = (event: HistoryEvent, state: string | undefined): string =>
  `${event.id} ${event.type} ${state ?? ''} ${said(event)}`;
