import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { duration } from '../../../model/format.js';
import { BAR_WORDS, type BarKind, type TimelineBar } from '../../../model/timeline/bars.js';
import { areasOf, extentOf, type Scale, sharesOf } from '../../../model/timeline/shares.js';

const HEIGHT = 16;
/** The most bars that are drawn one by one. */
const MOST_BARS = 200;

interface BarsProps {
  readonly bars: readonly TimelineBar[];
  /** True if bars lie over each other: the row then shows how many there are of each kind. */
  readonly overlap: boolean;
  readonly scale: Scale;
  readonly text: string;
  readonly onClick: () => void;
}

/** The bars in one row of the timeline. */
export function Bars({ bars, overlap, scale, text, onClick }: BarsProps): JSX.Element {
  return (
    <svg class="bars" role="img" aria-label={text} onClick={onClick}>
      {overlap || bars.length > MOST_BARS ? (
        <Areas bars={bars} scale={scale} text={text} />
      ) : (
        bars.map((bar) => <Bar bar={bar} scale={scale} />)
      )}
    </svg>
  );
}

function Bar({ bar, scale }: { readonly bar: TimelineBar; readonly scale: Scale }): JSX.Element {
  const { x, end } = extentOf(bar, scale);
  const { from, to, kind, state, worker } = bar;
  const took = duration((to ?? scale.until) - from);
  const by = worker === undefined ? '' : `, by ${worker}`;
  return (
    <rect class={classOf(kind)} x={x} y={2} width={end - x} height={HEIGHT - 4} rx={2}>
      <title>{`${state}: ${BAR_WORDS[kind]}, ${took}${by}`}</title>
    </rect>
  );
}

const classOf = (kind: BarKind): string => kind.replace(' ', '-');

function Areas({ bars, scale, text }: Pick<BarsProps, 'bars' | 'scale' | 'text'>): JSX.Element {
  const areas = useMemo(() => areasOf(sharesOf(bars, scale), HEIGHT), [bars, scale.until, scale.width]);
  return (
    <>
      {areas.map(({ kind, path }) => (
        <path class={classOf(kind)} d={path}>
          <title>{text}</title>
        </path>
      ))}
    </>
  );
}
