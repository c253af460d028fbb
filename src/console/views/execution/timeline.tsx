import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { type TimelineBar, timelineRows, thinned } from '../../model/timeline.js';
import { duration } from '../../model/format.js';
import { now } from '../../service/stream.js';
import type { ExecutionView } from '../../service/topics.js';

interface StripProps {
  readonly view: ExecutionView;
  readonly activityStates: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (state: string | undefined) => void;
}

const WIDTH = 1_000;
const WORDS: Readonly<Record<TimelineBar['kind'], string>> = {
  queued: 'queued',
  working: 'in progress',
  retry: 'failed, tried again',
  'back-off': 'back-off',
  succeeded: 'succeeded',
  caught: 'caught',
  failed: 'failed',
  aborted: 'aborted',
};

/** Which state was at work when: retries red, back-off grey, waiting for a worker hatched. */
export function Timeline({ view, selected, onSelect }: StripProps): JSX.Element {
  const { run, known, startedAt, endedAt } = view;
  const until = endedAt ?? now.value;
  const span = Math.max(1, until - startedAt);
  const rows = useMemo(
    () => timelineRows(run).map((row) => ({ ...row, said: summary(row.bars) })),
    [run, known, view.status],
  );
  const bars = useMemo(
    () => new Map(rows.map(({ state, bars }) => [state, thinned(bars, startedAt, span, WIDTH)])),
    [rows, startedAt, span],
  );
  return (
    <section class="panel strip" aria-label="Time">
      <h2 class="panel-title">
        Time <span class="faint">{duration(span)}</span>
      </h2>
      <div class="strip-rows">
        {rows.map(({ state, depth, said }) => (
          <button
            type="button"
            class="strip-row"
            aria-pressed={selected === state}
            onClick={() => onSelect(selected === state ? undefined : state)}
          >
            <span class="strip-name" dir="auto" style={{ paddingInlineStart: `${depth * 12}px` }}>
              {state}
            </span>
            <svg viewBox={`0 0 ${WIDTH} 16`} preserveAspectRatio="none" role="img" aria-label={said}>
              {bars.get(state)?.map(({ from, to, kind }) => {
                const x = ((from - startedAt) / span) * WIDTH;
                const width = Math.max(2, (((to ?? until) - from) / span) * WIDTH);
                return (
                  <rect class={kind} x={Math.min(x, WIDTH - 2)} y={2} width={width} height={12} rx={2} />
                );
              })}
            </svg>
          </button>
        ))}
      </div>
      <ul class="key" aria-label="Colours of the strip">
        <li>
          <i class="swatch queued" />
          Waits for a worker
        </li>
        <li>
          <i class="swatch retry" />
          Tried again
        </li>
        <li>
          <i class="swatch back-off" />
          Back-off
        </li>
      </ul>
    </section>
  );
}

function summary(bars: readonly TimelineBar[]): string {
  const kinds = new Map<TimelineBar['kind'], number>();
  for (const { kind } of bars) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [...kinds].map(([kind, times]) => `${WORDS[kind]}${times > 1 ? ` ${times} times` : ''}`).join(', ');
}
