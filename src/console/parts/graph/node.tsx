import type { CSSProperties, JSX } from 'preact';
import type { StateNode } from '../../model/definition.js';
import type { Bounds, Box } from '../../model/drawing/drawing.js';
import { PROGRESS_WORDS, type Progress, type StateProgress } from '../../model/progress.js';
import { Icon, isIcon } from '../icons.js';
import { toneOf } from '../status.js';

/** The properties that all nodes of a graph share. */
export interface NodesProps {
  /** The progress of each state, by its name. If absent, the graph shows a machine and not an execution. */
  readonly progress?: ReadonlyMap<string, StateProgress>;
  /**
   * Returns the caption of a state, such as the name of the worker that has its task. If it returns undefined, the word
   * for the state's progress is the caption.
   */
  readonly caption?: (state: string) => string | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (state: string | undefined) => void;
}

interface NodeProps extends NodesProps {
  readonly box: Box;
  /** The name of the state that gets the focus when the user moves into the graph with the Tab key. */
  readonly tabStop: string | undefined;
}

/**
 * The z-index of a state. It is larger than that of every Parallel, Map and line, so that the state is drawn above
 * them.
 */
const STATE_Z_INDEX = 60;

/** A state, or the pill at the start or the end of the machine. */
export function Node(props: NodeProps): JSX.Element {
  const { box } = props;
  if (box.node) return <State {...props} node={box.node} />;
  return (
    <div class="pill" style={boundsStyle(box)}>
      {box.kind === 'start' ? 'Start' : 'End'}
    </div>
  );
}

function State(props: NodeProps & { readonly node: StateNode }): JSX.Element {
  const { box, node, progress, caption, selected, onSelect, tabStop } = props;
  const own = progress?.get(box.name);
  const reached = own?.progress ?? 'not reached';
  const text = progress && (caption?.(box.name) ?? (own ? PROGRESS_WORDS[reached] : undefined));
  const isSelected = selected === box.name;
  return (
    <button
      type="button"
      class={`node ${box.kind} ${progress ? toneOf(reached) : 'plain'} ${reached.replace(' ', '-')}`}
      style={boundsStyle(box, box.kind === 'container' ? 2 * box.depth : STATE_Z_INDEX)}
      data-state={box.name}
      data-progress={progress ? reached : undefined}
      aria-pressed={isSelected}
      tabIndex={tabStop === box.name ? 0 : -1}
      onClick={() => onSelect(box.name)}
    >
      <TypeLine node={node} visits={own?.visits.length ?? 0} />
      <span class="node-name" dir="auto" title={box.name}>
        {box.name}
      </span>
      {text !== undefined && <Caption icon={reached} text={text} />}
    </button>
  );
}

function TypeLine({ node, visits }: { readonly node: StateNode; readonly visits: number }): JSX.Element {
  return (
    <span class="node-type">
      {isIcon(node.type) && <Icon name={node.type} />}
      {node.type}
      {node.calls !== undefined && (
        <span class="node-calls" title={node.calls}>
          {node.calls}
        </span>
      )}
      {visits > 1 && (
        <span class="node-visits" title={`Entered ${visits} times`}>
          ×{visits}
        </span>
      )}
    </span>
  );
}

interface CaptionProps {
  readonly icon: Progress | 'not reached';
  readonly text: string;
}

const Caption = ({ icon, text }: CaptionProps): JSX.Element => (
  <span class="node-caption">
    <Icon name={icon} />
    <span title={text}>{text}</span>
  </span>
);

/** Returns the CSS that puts an element at these bounds of the drawing. */
export const boundsStyle = ({ x, y, width, height }: Bounds, zIndex?: number): CSSProperties => ({
  left: `${x}px`,
  top: `${y}px`,
  width: `${width}px`,
  height: `${height}px`,
  zIndex,
});
