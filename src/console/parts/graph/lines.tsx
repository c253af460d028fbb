import type { JSX } from 'preact';
import { type Drawing, isPill, type Line, type Point, shownLabel } from '../../model/drawing/drawing.js';
import type { Edge, TakenEdges } from '../../model/drawing/taken-edges.js';

interface LinesProps {
  readonly drawing: Drawing;
  /** The edges that an execution has taken. If absent, the graph shows a machine and not an execution. */
  readonly taken: TakenEdges | undefined;
}

/** The lines between states, with their labels. */
export function Lines({ drawing, taken }: LinesProps): JSX.Element {
  return (
    <>
      <svg class="lines" width={drawing.width} height={drawing.height} aria-hidden="true">
        <defs>
          {['next', 'catch', 'taken'].map((kind) => (
            <Arrow kind={kind} />
          ))}
        </defs>
        {drawing.lines.map((line) => (
          <Path line={line} times={taken?.count(edgeOf(line)) ?? 0} />
        ))}
      </svg>
      {drawing.lines.map((line) => (
        <Label {...line} />
      ))}
    </>
  );
}

const Arrow = ({ kind }: { readonly kind: string }): JSX.Element => (
  <marker
    id={`arrow-${kind}`}
    class={kind}
    viewBox="0 0 8 8"
    refX="7"
    refY="4"
    markerWidth="7"
    markerHeight="7"
    orient="auto"
  >
    <path d="M0 0L8 4L0 8z" />
  </marker>
);

function Path({ line, times }: { readonly line: Line; readonly times: number }): JSX.Element {
  const taken = times > 0;
  const arrow = line.kind === 'catch' ? 'catch' : taken ? 'taken' : 'next';
  return (
    <path
      class={`line ${line.kind} ${taken ? 'taken' : ''}`}
      data-line={`${nameOf(line.from) ?? 'start'} ${nameOf(line.to) ?? 'end'} ${line.kind}`}
      data-times={times}
      d={pathOf(line.points)}
      marker-end={`url(#arrow-${arrow})`}
    />
  );
}

function Label({ labelAt, label, kind }: Line): JSX.Element | null {
  if (!labelAt) return null;
  return (
    <span
      class={`line-label ${kind}`}
      style={{ left: `${labelAt.x}px`, top: `${labelAt.y}px` }}
      title={label}
      dir="auto"
    >
      {shownLabel(label)}
    </span>
  );
}

const nameOf = (box: string): string | undefined => (isPill(box) ? undefined : box);

const edgeOf = ({ from, to, kind }: Line): Edge => ({
  from: nameOf(from),
  to: nameOf(to),
  caught: kind === 'catch',
});

/** The radius of a line's corners, in pixels. */
const CORNER_RADIUS = 16;

/** Returns an SVG path through the points: straight lines with rounded corners. */
function pathOf(points: readonly Point[]): string {
  const distinct = points.filter((each, i) => {
    const before = points[i - 1];
    return !before || Math.hypot(each.x - before.x, each.y - before.y) > 0.5;
  });
  const [first] = distinct;
  if (!first) return '';
  return distinct.slice(1).reduce((path, point, i) => {
    const before = distinct[i];
    const after = distinct[i + 2];
    if (!before || !after) return `${path}L${point.x} ${point.y}`;
    const [near, far] = [toward(point, before), toward(point, after)];
    return `${path}L${near.x} ${near.y}Q${point.x} ${point.y} ${far.x} ${far.y}`;
  }, `M${first.x} ${first.y}`);
}

function toward(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = Math.min(CORNER_RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
