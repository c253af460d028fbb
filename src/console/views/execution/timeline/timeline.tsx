import type { JSX, RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Selection } from '../../../model/progress.js';
import type { BarKind } from '../../../model/timeline/bars.js';
import { tickStep, ticksOf } from '../../../model/timeline/ticks.js';
import { type Folds, type TimelineRow, timelineRows } from '../../../model/timeline/rows.js';
import { useScroll } from '../../../parts/tables/virtual-table.js';
import { now } from '../../../service/stream.js';
import type { ExecutionView } from '../../../service/topics.js';
import { Row } from './timeline-row.js';

interface TimelineProps {
  readonly view: ExecutionView;
  readonly selected: string | undefined;
  readonly onSelect: (state: string | undefined) => void;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

/** The height of a row, in pixels, and the number of invisible rows that are rendered above and below the visible ones. */
const ROW_HEIGHT = 22;
const SPARE = 6;

/**
 * The timeline of an execution: a row for each state, and for each iteration of a Map unless there are many. A row whose
 * visits overlap shows how many there are at each time.
 */
export function Timeline(props: TimelineProps): JSX.Element {
  const { run, known, status, startedAt, endedAt } = props.view;
  const [folds, setFolds] = useState<Folds>(new Map());
  const rows = useMemo(() => timelineRows(run, folds), [run, known, status, folds]);
  const { element, seen, onScroll } = useScroll();
  const [ruler, width] = useWidth();
  const scale = { from: startedAt, until: endedAt ?? now.value, width };
  const first = Math.max(0, Math.floor(seen.top / ROW_HEIGHT) - SPARE);
  const last = Math.ceil((seen.top + seen.height) / ROW_HEIGHT) + SPARE;
  return (
    <section class="panel fill timeline" aria-label="Time" style={{ '--tick': `${tickStep(scale).width}px` }}>
      <div class="timeline-head">
        <h2>Timeline</h2>
        <Key />
      </div>
      <div class="timeline-row ruler" aria-hidden="true">
        <span />
        <div ref={ruler}>
          {ticksOf(scale).map(({ x, text }) => (
            <span style={{ left: `${x}px` }}>{text}</span>
          ))}
        </div>
      </div>
      <div class="timeline-rows" ref={element} onScroll={onScroll}>
        <div class="all" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
          {rows.slice(first, last).map((row, i) => (
            <div key={row.key} style={{ top: `${(first + i) * ROW_HEIGHT}px`, height: `${ROW_HEIGHT}px` }}>
              <Row
                row={row}
                scale={scale}
                isSelected={isShown(row, props)}
                onSelect={() => select(row, props)}
                onFold={() => setFolds(new Map([...folds, [row.key, row.fold?.isOpen === false]]))}
              />
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

/** Returns the width of the element, in pixels. */
function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    if (!element.current) return undefined;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return [element, width];
}

/** True if the row's state is selected or, for an iteration, if the page shows only that. */
function isShown({ kind, state, indexes }: TimelineRow, { selected, selection }: TimelineProps): boolean {
  return kind === 'state' ? selected === state : selection.get(state) === indexes.at(-1);
}

function select(row: TimelineRow, props: TimelineProps): void {
  const { onSelect, selection, onSelection } = props;
  if (row.kind === 'state') {
    onSelect(row.state);
    return;
  }
  const next = new Map(selection);
  next.delete(row.state);
  if (!isShown(row, props))
    for (let it = row.visits[0]?.iteration; it; it = it.map.iteration) next.set(it.map.name, it.index);
  onSelection(next);
}

/** Each colour of the bars, by a kind that has it. */
const COLOURS = [
  ['queued', 'Waiting'],
  ['working', 'In progress'],
  ['succeeded', 'Succeeded'],
  ['caught', 'Caught'],
  ['failed', 'Failed'],
  ['back-off', 'Back-off, aborted'],
] as const satisfies readonly (readonly [BarKind, string])[];

const Key = (): JSX.Element => (
  <ul class="key" aria-label="Colours of the timeline">
    {COLOURS.map(([kind, word]) => (
      <li>
        <i class={`swatch ${kind}`} />
        {word}
      </li>
    ))}
  </ul>
);
