import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { HistoryEvent } from '../../../../framework/local/console/api.js';
import { count } from '../../../model/format.js';
import { isSelected, type Selection } from '../../../model/progress.js';
import { Icon } from '../../../parts/icons.js';
import { Total } from '../../../parts/tables/total.js';
import { VirtualTable } from '../../../parts/tables/virtual-table.js';
import { queryField, setQuery } from '../../../route.js';
import type { ExecutionView } from '../../../service/topics.js';
import { EventRow } from './event-row.js';
import { eventSummary, eventTone } from './event-summary.js';

interface EventTableProps {
  readonly view: ExecutionView;
  /** The name of the state whose events are shown; undefined to show all events. */
  readonly state: string | undefined;
  readonly onState: (state: string | undefined) => void;
  readonly selection: Selection;
}

const KINDS = { all: 'All events', states: 'States', tasks: 'Tasks', errors: 'Errors' } as const;
type Kind = keyof typeof KINDS;

const isKind: Readonly<Record<Kind, (event: HistoryEvent) => boolean>> = {
  all: () => true,
  states: ({ type }) => /State(Entered|Exited)$|^Execution/.test(type),
  tasks: ({ type }) => /^(Activity|Task|LambdaFunction)(?!State)/.test(type),
  errors: ({ type }) => /red|grey/.test(eventTone(type)),
};

interface Filter {
  readonly kind: Kind;
  /** The text that an event must contain to be shown. An empty text shows all events. */
  readonly text: string;
}

/** The table of an execution's events, with filters. Each event can be expanded to its JSON. */
export function EventTable(props: EventTableProps): JSX.Element {
  const { view, state, onState, selection } = props;
  const { run, known } = view;
  const [filter, setFilter] = useFilter();
  const [unfolded, toggle] = useToggles();
  const linked = useRef([...unfolded][0]);
  const events = useMemo(() => filtered(props, filter), [run, known, filter, state, selection]);
  return (
    <section class="events" aria-label="Events">
      <div class="filters">
        <FilterFields filter={filter} onFilter={setFilter} />
        {state !== undefined && <StateChip state={state} onRemove={() => onState(undefined)} />}
        <Total
          text={
            events.length === known
              ? count(known, 'event')
              : `${events.length.toLocaleString('en')} of ${count(known, 'event')}`
          }
          filter={`${filter.kind} ${filter.text} ${state ?? ''} ${[...selection].join()}`}
        />
      </div>
      <VirtualTable
        name="events"
        label="Events"
        items={events}
        keyOf={({ id }) => id}
        rowHeight={34}
        unfolded={unfolded}
        unfoldedHeight={260}
        linked={linked.current}
        columns={['Id', 'Type', 'State', 'What', 'After']}
        empty="No event matches."
        row={(event) => (
          <EventRow
            view={view}
            event={event}
            state={run.visitOf(event.id)?.name}
            isOpen={unfolded.has(event.id)}
            onToggle={() => toggle(event.id)}
          />
        )}
      />
    </section>
  );
}

function filtered(
  { view: { run }, state, selection }: EventTableProps,
  { kind, text }: Filter,
): HistoryEvent[] {
  const wanted = text.toLowerCase();
  return run.events.filter((event) => {
    if (!isKind[kind](event)) return false;
    const visit = run.visitOf(event.id);
    const name = visit?.name;
    const { index } = event.details ?? {};
    if (visit && !isSelected(visit, selection)) return false;
    if (index !== undefined && (selection.get(name ?? '') ?? index) !== index) return false;
    if (state !== undefined && name !== state) return false;
    return wanted === '' || searchText(event, name).toLowerCase().includes(wanted);
  });
}

const searchText = (event: HistoryEvent, state: string | undefined): string =>
  `${event.id} ${event.type} ${state ?? ''} ${eventSummary(event)}`;

type Ids = ReadonlySet<string | number>;

/** Returns the ids of the unfolded events. They are kept in the page's URL, as the filter is. */
function useToggles(): [on: Ids, toggle: (id: number) => void] {
  const text = queryField('event') ?? '';
  const on = useMemo(() => new Set(text.split(',').map(Number).filter(Boolean)), [text]);
  const toggle = (id: number): void => {
    const next = new Set(on);
    if (!next.delete(id)) next.add(id);
    setQuery({ event: [...next].join() });
  };
  return [on, toggle];
}

function useFilter(): [filter: Filter, set: (filter: Filter) => void] {
  const asked = queryField('events') ?? '';
  const kind = Object.hasOwn(KINDS, asked) ? (asked as Kind) : 'all';
  const text = queryField('find') ?? '';
  const filter = useMemo(() => ({ kind, text }), [kind, text]);
  const set = (next: Filter): void =>
    setQuery({ events: next.kind === 'all' ? undefined : next.kind, find: next.text });
  return [filter, set];
}

interface FilterFieldsProps {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

const FilterFields = ({ filter, onFilter }: FilterFieldsProps): JSX.Element => (
  <>
    <label>
      <span class="sr">Which events</span>
      <select
        value={filter.kind}
        onChange={(event) => onFilter({ ...filter, kind: event.currentTarget.value as Kind })}
      >
        {Object.entries(KINDS).map(([value, word]) => (
          <option value={value}>{word}</option>
        ))}
      </select>
    </label>
    <label>
      <span class="sr">Search the events</span>
      <input
        type="search"
        value={filter.text}
        onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
        placeholder="Search"
      />
    </label>
  </>
);

interface StateChipProps {
  readonly state: string;
  readonly onRemove: () => void;
}

const StateChip = ({ state, onRemove }: StateChipProps): JSX.Element => (
  <button type="button" class="chip" onClick={onRemove}>
    <span dir="auto">{state}</span>
    <Icon name="close" />
    <span class="sr">Show the events of all states</span>
  </button>
);
