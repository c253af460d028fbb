import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { duration } from '../../model/format.js';
import { thinned, type TimelineBar, timelineRows } from '../../model/timeline.js';
import { now } from '../../service/stream.js';
import type { ExecutionView } from '../../service/topics.js';

interface TimelineProps {
  readonly view: ExecutionView;
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

/**
 * The timeline of an execution, with a row of bars for each state. Retries are red, pauses before retries are grey, and
 * times in which a task waits for a worker are hatched.
 */
export function Timeline({ view, selected, onSelect }: TimelineProps): JSX.Element {
  const { run, known, status, startedAt, endedAt } = view;
  const until = endedAt ?? now.value;
  const span = Math.max(1, until - startedAt);
  const rows = useMemo(
    () => timelineRows(run).map((row) => ({ ...row, text: summary(row.bars) })),
    [run, known, status],
  );
  return (
    <section class="panel timeline" aria-label="Time">
      <h2 class="panel-title">
        Time <span class="faint">{duration(span)}</span>
      </h2>
      <div class="timeline-rows">
        {rows.map(({ state, depth, bars, text }) => (
          <button
            type="button"
            class="timeline-row"
            aria-pressed={selected === state}
            onClick={() => onSelect(selected === state ? undefined : state)}
          >
            <span
              class="timeline-name"
              dir="auto"
              title={state}
              style={{ paddingInlineStart: `${depth * 12}px` }}
            >
              {state}
            </span>
            <Bars bars={bars} startedAt={startedAt} until={until} text={text} />
          </button>
        ))}
      </div>
      <Key />
    </section>
  );
}

interface BarsProps {
  readonly bars: readonly TimelineBar[];
  readonly startedAt: number;
  readonly until: number;
  readonly text: string;
}

function Bars({ bars, startedAt, until, text }: BarsProps): JSX.Element {
  const span = Math.max(1, until - startedAt);
  const shown = useMemo(() => thinned(bars, startedAt, span, WIDTH), [bars, startedAt, span]);
  return (
    <svg viewBox={`0 0 ${WIDTH} 16`} preserveAspectRatio="none" role="img" aria-label={text}>
      {shown.map(({ from, to, kind }) => {
        const x = ((from - startedAt) / span) * WIDTH;
        const width = Math.max(2, (((to ?? until) - from) / span) * WIDTH);
        return <rect class={kind} x={Math.min(x, WIDTH - 2)} y={2} width={width} height={12} rx={2} />;
      })}
    </svg>
  );
}

const Key = (): JSX.Element => (
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
);

function summary(bars: readonly TimelineBar[]): string {
  const kinds = new Map<TimelineBar['kind'], number>();
  for (const { kind } of bars) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [...kinds].map(([kind, times]) => `${WORDS[kind]}${times > 1 ? ` ${times} times` : ''}`).join(', ');
}
