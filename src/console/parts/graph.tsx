import type { CSSProperties, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Box, type Drawing, type Line, shownLabel } from '../model/layout.js';
import { PROGRESS_WORDS, type StateProgress } from '../model/progress.js';
import { neighbour } from '../model/neighbours.js';
import { Icon, isIcon } from './icons.js';
import { toneOf } from './status.js';

interface GraphProps {
  readonly drawing: Drawing;
  readonly label: string;
  /** How each state stands; without it the graph shows a machine that does not run. */
  readonly progress?: ReadonlyMap<string, StateProgress>;
  /** What a state has to say beside its word: who has its task, and so on. */
  readonly caption?: (state: string) => string | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (state: string | undefined) => void;
}

/** What is inside a container lies above it, and states above all lines. */
const ABOVE = 60;
const READABLE = 0.6;
const SMALLEST = 0.15;
const LARGEST = 2;
const STEP = 1.25;

/** A machine, drawn. Arrow keys go from state to state, Enter selects one, + and - zoom. */
export function Graph(props: GraphProps): JSX.Element {
  const { drawing, label, progress, selected, onSelect } = props;
  const view = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(1);
  const fitted = useRef(true);
  const fit = (): void => {
    const element = view.current;
    if (!element) return;
    fitted.current = true;
    const byWidth = (element.clientWidth - 24) / drawing.width;
    const byHeight = (element.clientHeight - 24) / drawing.height;
    // So small that nothing can be read helps nobody: a large machine is scrolled, from its start.
    const next = clamp(Math.max(READABLE, Math.min(1, byWidth, byHeight)));
    setScale(next);
    const start = drawing.boxes.find(({ kind }) => kind === 'start');
    if (start)
      requestAnimationFrame(() => (element.scrollLeft = start.x * next - element.clientWidth / 2 + 40));
  };
  useEffect(() => {
    fit();
    const watch = new ResizeObserver(() => fitted.current && fit());
    if (view.current) watch.observe(view.current);
    return () => watch.disconnect();
  }, [drawing]);
  const zoom = (factor: number): void => {
    fitted.current = false;
    const element = view.current;
    const next = clamp(scale * factor);
    if (element) keepMiddle(element, next / scale);
    setScale(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === '+' || event.key === '=') zoom(STEP);
    else if (event.key === '-') zoom(1 / STEP);
    else if (event.key === '0') fit();
    else if (event.key === 'Escape' && selected !== undefined) onSelect(undefined);
    else if (!moveFocus(event, drawing)) return;
    event.preventDefault();
  };
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1);
  };
  const states = drawing.boxes.filter(({ node }) => node);
  const containers = drawing.boxes.filter(({ kind }) => kind === 'container');
  const tabStop = states.some(({ name }) => name === selected) ? selected : states[0]?.name;
  return (
    <div class="graph" data-running={progress !== undefined}>
      <div
        class="graph-view"
        ref={view}
        onWheel={onWheel}
        onPointerDown={startPan}
        onKeyDown={onKeyDown}
        role="group"
        aria-label={label}
      >
        <div
          class="graph-space"
          style={{ width: `${drawing.width * scale}px`, height: `${drawing.height * scale}px` }}
        >
          <div
            class="graph-sheet"
            style={{
              transform: `scale(${scale})`,
              width: `${drawing.width}px`,
              height: `${drawing.height}px`,
            }}
          >
            {containers.map((box) => (
              <Node key={box.name} box={box} {...props} tabStop={tabStop} />
            ))}
            {drawing.frames.map((frame) => (
              <div class="frame" style={placed(frame, 2 * frame.depth + 1)} />
            ))}
            <Lines drawing={drawing} progress={progress} />
            {drawing.boxes
              .filter(({ kind }) => kind !== 'container')
              .map((box) => (
                <Node key={box.name} box={box} {...props} tabStop={tabStop} />
              ))}
          </div>
        </div>
      </div>
      <div class="graph-tools" role="toolbar" aria-label="Zoom">
        <button type="button" class="tool" onClick={() => zoom(STEP)} aria-label="Zoom in">
          <Icon name="plus" />
        </button>
        <button type="button" class="tool" onClick={() => zoom(1 / STEP)} aria-label="Zoom out">
          <Icon name="minus" />
        </button>
        <button type="button" class="tool" onClick={fit} aria-label="Fit">
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}

const clamp = (scale: number): number =>
  Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(scale) ? scale : 1));

function keepMiddle(element: HTMLElement, factor: number): void {
  const middle = {
    x: (element.scrollLeft + element.clientWidth / 2) * factor,
    y: (element.scrollTop + element.clientHeight / 2) * factor,
  };
  requestAnimationFrame(() => {
    element.scrollLeft = middle.x - element.clientWidth / 2;
    element.scrollTop = middle.y - element.clientHeight / 2;
  });
}

/** Drags the drawing about with a mouse. Touch scrolls it by itself. */
function startPan(event: PointerEvent): void {
  const element = event.currentTarget as HTMLElement;
  if (event.pointerType !== 'mouse' || (event.target as Element).closest('button')) return;
  const from = { x: event.clientX + element.scrollLeft, y: event.clientY + element.scrollTop };
  const move = (at: PointerEvent): void => {
    element.scrollLeft = from.x - at.clientX;
    element.scrollTop = from.y - at.clientY;
  };
  const end = (): void => {
    element.removeEventListener('pointermove', move);
    element.classList.remove('panning');
  };
  element.setPointerCapture(event.pointerId);
  element.classList.add('panning');
  element.addEventListener('pointermove', move);
  element.addEventListener('pointerup', end, { once: true });
  element.addEventListener('pointercancel', end, { once: true });
}

function moveFocus(event: KeyboardEvent, drawing: Drawing): boolean {
  const name = (event.target as HTMLElement).dataset['state'];
  if (name === undefined) return false;
  const next = neighbour(drawing, name, event.key);
  if (next === undefined) return false;
  const view = event.currentTarget as HTMLElement;
  for (const each of view.querySelectorAll<HTMLElement>('[data-state]'))
    if (each.dataset['state'] === next) each.focus();
  return true;
}

interface NodeProps extends GraphProps {
  readonly tabStop: string | undefined;
}

type Place = Pick<Box, 'x' | 'y' | 'width' | 'height'>;

const placed = ({ x, y, width, height }: Place, zIndex?: number): CSSProperties => ({
  left: `${x}px`,
  top: `${y}px`,
  width: `${width}px`,
  height: `${height}px`,
  zIndex,
});

function Node({
  box,
  progress,
  caption,
  selected,
  onSelect,
  tabStop,
}: NodeProps & { readonly box: Box }): JSX.Element {
  const { node } = box;
  if (!node)
    return (
      <div class="pill" style={placed(box)}>
        {box.kind === 'start' ? 'Start' : 'End'}
      </div>
    );
  const own = progress?.get(box.name);
  const stands = own?.progress ?? 'not reached';
  const said = progress && (caption?.(box.name) ?? (own ? PROGRESS_WORDS[stands] : undefined));
  const times = own && own.visits.length > 1 ? own.visits.length : undefined;
  const isSelected = selected === box.name;
  return (
    <button
      type="button"
      class={`node ${box.kind} ${progress ? toneOf(stands) : 'plain'} ${stands.replace(' ', '-')}`}
      style={placed(box, box.kind === 'container' ? 2 * box.depth : ABOVE)}
      data-state={box.name}
      data-progress={progress ? stands : undefined}
      aria-pressed={isSelected}
      tabIndex={tabStop === box.name ? 0 : -1}
      onClick={() => onSelect(isSelected ? undefined : box.name)}
    >
      <span class="node-type">
        {isIcon(node.type) && <Icon name={node.type} />}
        {node.type}
        {node.calls !== undefined && <span class="node-calls">{node.calls}</span>}
        {times !== undefined && (
          <span class="node-times" title={`Entered ${times} times`}>
            ×{times}
          </span>
        )}
      </span>
      <span class="node-name" dir="auto">
        {box.name}
      </span>
      {said !== undefined && (
        <span class="node-said">
          <Icon name={stands} />
          <span>{said}</span>
        </span>
      )}
    </button>
  );
}

function Lines({ drawing, progress }: Pick<GraphProps, 'drawing' | 'progress'>): JSX.Element {
  return (
    <>
      <svg class="lines" width={drawing.width} height={drawing.height} aria-hidden="true">
        <defs>
          {['next', 'catch', 'taken'].map((kind) => (
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
          ))}
        </defs>
        {drawing.lines.map((line) => {
          const taken = isTaken(line, progress);
          const arrow = line.kind === 'catch' ? 'catch' : taken ? 'taken' : 'next';
          return (
            <path
              class={`line ${line.kind} ${taken ? 'taken' : ''}`}
              d={pathOf(line.points)}
              marker-end={`url(#arrow-${arrow})`}
            />
          );
        })}
      </svg>
      {drawing.lines.map(
        ({ labelAt, label, kind }) =>
          labelAt && (
            <span
              class={`line-label ${kind}`}
              style={{ left: `${labelAt.x}px`, top: `${labelAt.y}px` }}
              title={label}
              dir="auto"
            >
              {shownLabel(label)}
            </span>
          ),
      )}
    </>
  );
}

/** Whether both its ends were reached: enough to tell the way that was gone. */
function isTaken({ from, to, kind }: Line, progress: GraphProps['progress']): boolean {
  if (!progress) return false;
  const left = progress.get(from);
  const isPill = (name: string): boolean => name.startsWith('\u0000');
  if (isPill(from)) return progress.has(to);
  if (isPill(to)) return left?.counts.has('succeeded') === true;
  if (!left || !progress.has(to)) return false;
  return kind === 'catch' ? left.counts.has('caught') : left.counts.has('succeeded');
}

/** How round a line turns. */
const TURN = 16;

/** Straight from point to point, with round corners. */
function pathOf(points: Line['points']): string {
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

function toward(from: Line['points'][number], to: Line['points'][number]): { x: number; y: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = Math.min(TURN, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
