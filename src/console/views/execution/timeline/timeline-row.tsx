import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Visit } from '../../../../framework/local/view/visit.js';
import { count } from '../../../model/format.js';
import { barsOf, BAR_WORDS, type BarKind, type TimelineBar } from '../../../model/timeline/bars.js';
import type { TimelineRow } from '../../../model/timeline/rows.js';
import type { Scale } from '../../../model/timeline/shares.js';
import { Icon } from '../../../parts/icons.js';
import { Bars } from './bars.js';

interface RowProps {
  readonly row: TimelineRow;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  /** Shows the iterations of a Map in rows of their own, or no longer. */
  readonly onFold: () => void;
  readonly scale: Scale;
}

/** A row of the timeline: its name, and its bars. */
export function Row({ row, isSelected, onSelect, onFold, scale }: RowProps): JSX.Element {
  const bars = useMemo(() => row.visits.flatMap(barsOf), [row]);
  const overlap = useMemo(() => areAtOnce(row.visits), [row]);
  return (
    <div class={`timeline-row ${row.kind}`} aria-current={isSelected}>
      <div class="timeline-name" style={{ paddingInlineStart: `${Math.min(row.depth, 8) * 12}px` }}>
        {row.fold && <Fold fold={row.fold} name={row.state} onFold={onFold} />}
        <button type="button" aria-pressed={isSelected} onClick={onSelect} title={titleOf(row)} dir="auto">
          {row.kind === 'state' ? row.state : `#${row.indexes.join(' #')}`}
          {row.kind === 'iteration' && <span class="faint"> {workersOf(bars)}</span>}
        </button>
      </div>
      <Bars bars={bars} overlap={overlap} scale={scale} text={summary(bars)} onClick={onSelect} />
    </div>
  );
}

interface FoldProps {
  readonly fold: NonNullable<TimelineRow['fold']>;
  readonly name: string;
  readonly onFold: () => void;
}

const Fold = ({ fold: { isOpen, iterations }, name, onFold }: FoldProps): JSX.Element => (
  <button
    type="button"
    class="timeline-fold"
    aria-expanded={isOpen}
    aria-label={`Iterations of ${name}`}
    title={count(iterations, 'iteration')}
    onClick={onFold}
  >
    <Icon name={isOpen ? 'down' : 'right'} />
  </button>
);

/** True if a visit begins before the one before it has ended. */
function areAtOnce(visits: readonly Visit[]): boolean {
  let [begin, end] = [-Infinity, -Infinity];
  for (const { enteredAt, exitedAt } of visits.toSorted((a, b) => a.enteredAt - b.enteredAt)) {
    if (enteredAt < end || enteredAt === begin) return true;
    [begin, end] = [enteredAt, exitedAt ?? Infinity];
  }
  return false;
}

function workersOf(bars: readonly TimelineBar[]): string {
  return [...new Set(bars.flatMap(({ worker }) => worker ?? []))].join(', ');
}

function titleOf({ kind, state, indexes }: TimelineRow): string {
  return kind === 'state' ? state : `Iteration ${indexes.join(' › ')} of ${state}`;
}

function summary(bars: readonly TimelineBar[]): string {
  const kinds = new Map<BarKind, number>();
  for (const { kind } of bars) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const texts = [...kinds].map(
    ([kind, n]) => `${BAR_WORDS[kind]}${n > 1 ? ` ${n.toLocaleString('en')} times` : ''}`,
  );
  const workers = workersOf(bars);
  return `${texts.join(', ')}${workers === '' ? '' : `; by ${workers}`}`;
}
