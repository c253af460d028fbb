import type { JSX } from 'preact';
import type { Drawing } from '../../model/drawing/drawing.js';
import { neighbour } from '../../model/drawing/neighbours.js';
import type { TakenEdges } from '../../model/drawing/taken-edges.js';
import { Icon } from '../icons.js';
import { Lines } from './lines.js';
import { boundsStyle, Node, type NodesProps } from './node.js';
import { startPan, useViewport, type Viewport } from './viewport.js';

interface GraphProps extends NodesProps {
  readonly drawing: Drawing;
  readonly label: string;
  readonly taken?: TakenEdges | undefined;
}

/**
 * The graph of a machine. Arrow keys move from state to state, Enter selects a state, + and - zoom, 0 fits the graph
 * into the view.
 */
export function Graph(props: GraphProps): JSX.Element {
  const { drawing, label, progress, selected } = props;
  const viewport = useViewport(drawing, selected);
  const { element, scale, zoom } = viewport;
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1);
  };
  return (
    <div class="graph" data-running={progress !== undefined}>
      <div
        class="graph-view"
        ref={element}
        onWheel={onWheel}
        onPointerDown={startPan}
        onKeyDown={(event) => onKeyDown(event, props, viewport)}
        role="group"
        aria-label={label}
      >
        <div
          class="graph-space"
          style={{ width: `${drawing.width * scale}px`, height: `${drawing.height * scale}px` }}
        >
          <Sheet {...props} scale={scale} />
        </div>
      </div>
      <ZoomTools {...viewport} />
    </div>
  );
}

function onKeyDown(
  event: KeyboardEvent,
  { drawing, selected, onSelect }: GraphProps,
  { zoomIn, zoomOut, fit }: Viewport,
): void {
  if (event.key === '+' || event.key === '=') zoomIn();
  else if (event.key === '-') zoomOut();
  else if (event.key === '0') fit();
  else if (event.key === 'Escape' && selected !== undefined) onSelect(undefined);
  else if (!moveFocus(event, drawing)) return;
  event.preventDefault();
}

/** Moves the focus to the state to which an arrow key leads. @returns false if the key leads to no state */
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

/**
 * The drawing inside the graph's scrollable view. Parallels and Maps are drawn below the lines, all other states above
 * them.
 */
function Sheet({ scale, ...props }: GraphProps & { readonly scale: number }): JSX.Element {
  const { drawing, taken, selected } = props;
  const containers = drawing.boxes.filter(({ kind }) => kind === 'container');
  const others = drawing.boxes.filter(({ kind }) => kind !== 'container');
  const states = drawing.boxes.filter(({ node }) => node);
  const tabStop = states.some(({ name }) => name === selected) ? selected : states[0]?.name;
  return (
    <div
      class="graph-sheet"
      style={{ transform: `scale(${scale})`, width: `${drawing.width}px`, height: `${drawing.height}px` }}
    >
      {containers.map((box) => (
        <Node key={box.name} box={box} {...props} tabStop={tabStop} />
      ))}
      {drawing.frames.map((frame) => (
        <div class="frame" style={boundsStyle(frame, 2 * frame.depth + 1)} />
      ))}
      <Lines drawing={drawing} taken={taken} />
      {others.map((box) => (
        <Node key={box.name} box={box} {...props} tabStop={tabStop} />
      ))}
    </div>
  );
}

function ZoomTools({ zoomIn, zoomOut, fit }: Viewport): JSX.Element {
  return (
    <div class="graph-tools" role="toolbar" aria-label="Zoom">
      <button type="button" class="tool" onClick={zoomIn} aria-label="Zoom in">
        <Icon name="plus" />
      </button>
      <button type="button" class="tool" onClick={zoomOut} aria-label="Zoom out">
        <Icon name="minus" />
      </button>
      <button type="button" class="tool" onClick={fit} aria-label="Fit">
        <Icon name="fit" />
      </button>
    </div>
  );
}
