import { graphlib, layout as runDagre } from '@dagrejs/dagre';
import type { Edge, Group, StateNode } from './definition.js';

/** A state on the drawing. All numbers are pixels from the drawing's corner. */
export interface Box {
  readonly name: string;
  readonly node: StateNode | undefined;
  /** Where the drawing begins and ends, beside states. */
  readonly kind: 'state' | 'container' | 'start' | 'end';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How many containers it lies in. */
  readonly depth: number;
}

/** A branch of a Parallel, or what a Map repeats. */
export interface Frame {
  /** How many containers it lies in. */
  readonly depth: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly labelAt: { readonly x: number; readonly y: number } | undefined;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly frames: readonly Frame[];
  readonly lines: readonly Line[];
}

export const BOX = { width: 212, height: 70 };
const PILL = { width: 64, height: 28 };
const HEAD = 62;
const PAD = 14;
const GAP = 20;
const LABEL = { charWidth: 6.2, height: 18, longest: 30, pad: 14 };

/** Ids that no state can have: their names hold no NUL. */
const START = '\u0000start';
const END = '\u0000end';

/** Lays a machine out, top to bottom. Each branch by itself, then as one sized node: dagre takes no edge into a cluster. */
export function layOut(group: Group): Drawing {
  const drawing = layOutGroup(group, 0, true);
  return { ...drawing, boxes: drawing.boxes };
}

function layOutGroup(group: Group, depth: number, isMachine: boolean): Drawing {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({
    rankdir: 'TB',
    rankalign: 'top',
    nodesep: 28,
    ranksep: 42,
    edgesep: 18,
    marginx: 4,
    marginy: 4,
  });
  const inner = new Map<string, Drawing>();
  for (const node of group.states) {
    const content = node.inside.length > 0 ? layOutContainer(node, depth) : undefined;
    if (content) inner.set(node.name, content);
    graph.setNode(node.name, content ? { width: content.width, height: content.height } : { ...BOX });
  }
  const edges = edgesOf(group, isMachine);
  if (isMachine) for (const pill of [START, END]) graph.setNode(pill, { ...PILL });
  for (const [index, edge] of edges.entries())
    graph.setEdge(edge.from, edge.to, { ...labelSize(edge.label), index, labelpos: 'c' }, String(index));
  runDagre(graph);
  return collect(group, graph, { edges, inner, depth, isMachine });
}

interface GroupEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
  readonly label: string;
}

/** Those whose target is there. Several of one kind between the same two are one, with all their labels. */
function edgesOf(group: Group, isMachine: boolean): GroupEdge[] {
  const names = new Set(group.states.map(({ name }) => name));
  const merged = new Map<string, GroupEdge>();
  const add = (edge: GroupEdge): void => {
    const key = `${edge.from}\u0000${edge.to}\u0000${edge.kind === 'catch'}`;
    const same = merged.get(key);
    const label = [same?.label, edge.label].filter(Boolean).join(' · ');
    merged.set(key, { ...(same ?? edge), label });
  };
  if (isMachine && names.has(group.startAt)) add({ from: START, to: group.startAt, kind: 'next', label: '' });
  for (const { name, edges, ends } of group.states) {
    for (const edge of edges) if (names.has(edge.to)) add({ ...edge, from: name });
    if (ends && isMachine) add({ from: name, to: END, kind: 'next', label: '' });
  }
  return [...merged.values()];
}

export const shownLabel = (label: string): string =>
  label.length > LABEL.longest ? `${label.slice(0, LABEL.longest - 1)}…` : label;

function labelSize(label: string): { width: number; height: number } {
  if (label === '') return { width: 0, height: 0 };
  return { width: shownLabel(label).length * LABEL.charWidth + LABEL.pad, height: LABEL.height };
}

interface Laid {
  readonly edges: readonly GroupEdge[];
  readonly inner: ReadonlyMap<string, Drawing>;
  readonly depth: number;
  readonly isMachine: boolean;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** From where to where a row of states reaches. */
interface Rank {
  readonly top: number;
  readonly bottom: number;
}

type DagreGraph = InstanceType<typeof graphlib.Graph>;

function ranksOf(graph: DagreGraph): Rank[] {
  const ranks = new Map<number, Rank>();
  for (const name of graph.nodes()) {
    const { rank, y, height } = graph.node(name) as { rank: number; y: number; height: number };
    const { top = Infinity, bottom = -Infinity } = ranks.get(rank) ?? {};
    ranks.set(rank, { top: Math.min(top, y - height / 2), bottom: Math.max(bottom, y + height / 2) });
  }
  return [...ranks.values()];
}

/** How far from a corner a line leaves a state. */
const CORNER = 18;

/**
 * A line leaves at the bottom and comes in at the top (the other way round where it leads back), and passes each row of
 * states straight: else it would cut the corner of a tall one beside it.
 */
function route(from: Frameless, to: Frameless, points: readonly Point[], ranks: readonly Rank[]): Point[] {
  const inner = points.slice(1, -1);
  const isDown = from.y + from.height / 2 <= to.y + to.height / 2;
  const ends = (box: Frameless, toward: Point | undefined, isBottom: boolean): Point[] => {
    const middle = box.x + box.width / 2;
    const x = Math.max(box.x + CORNER, Math.min(box.x + box.width - CORNER, toward?.x ?? middle));
    const y = isBottom ? box.y + box.height : box.y;
    const rank = ranks.find(({ top, bottom }) => box.y >= top - 1 && box.y + box.height <= bottom + 1);
    return [{ x, y }, ...(rank ? [{ x, y: isBottom ? rank.bottom : rank.top }] : [])];
  };
  const passed = inner.flatMap((point) => {
    const rank = ranks.find(({ top, bottom }) => point.y > top && point.y < bottom);
    if (!rank) return [point];
    const { top, bottom } = rank;
    return isDown
      ? [
          { x: point.x, y: top },
          { x: point.x, y: bottom },
        ]
      : [
          { x: point.x, y: bottom },
          { x: point.x, y: top },
        ];
  });
  const begin = ends(from, inner[0] ?? middleOf(to), isDown);
  const end = ends(to, inner.at(-1) ?? middleOf(from), !isDown);
  return [...begin, ...passed, ...end.toReversed()];
}

type Frameless = Omit<Frame, 'depth'>;

const middleOf = ({ x, y, width, height }: Frameless): Point => ({ x: x + width / 2, y: y + height / 2 });

function collect(group: Group, graph: DagreGraph, laid: Laid): Drawing {
  const { edges, inner, depth } = laid;
  const boxes: Box[] = [];
  const frames: Frame[] = [];
  const lines: Line[] = [];
  const place = (name: string): { x: number; y: number; width: number; height: number } => {
    const { x, y, width, height } = graph.node(name) as {
      x: number;
      y: number;
      width: number;
      height: number;
    };
    return { x: x - width / 2, y: y - height / 2, width, height };
  };
  if (laid.isMachine)
    for (const pill of [START, END] as const) {
      const kind = pill === START ? 'start' : 'end';
      boxes.push({ name: pill, node: undefined, kind, depth, ...place(pill) });
    }
  for (const node of group.states) {
    const at = place(node.name);
    const content = inner.get(node.name);
    boxes.push({ name: node.name, node, kind: content ? 'container' : 'state', depth, ...at });
    if (!content) continue;
    const moved = move(content, at.x, at.y);
    boxes.push(...moved.boxes);
    frames.push(...moved.frames);
    lines.push(...moved.lines);
  }
  const ranks = ranksOf(graph);
  for (const { v, w, name } of graph.edges()) {
    const edge = edges[Number(name)];
    const { points = [], x, y } = graph.edge(v, w, name) as { points?: Point[]; x?: number; y?: number };
    if (!edge) continue;
    const labelAt = edge.label !== '' && x !== undefined && y !== undefined ? { x, y } : undefined;
    lines.push({ ...edge, points: route(place(v), place(w), points, ranks), labelAt });
  }
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const finite = (n: number): number => (Number.isFinite(n) ? n : 0);
  return { width: finite(width), height: finite(height), boxes, frames, lines };
}

/** The branches side by side, under the head of their state. */
function layOutContainer({ inside }: StateNode, depth: number): Drawing {
  const parts = inside.map((each) => layOutGroup(each, depth + 1, false));
  const height = Math.max(BOX.height, ...parts.map((each) => each.height)) + 2 * GAP * 0.5;
  let x = PAD;
  const placed = parts.map((each) => {
    const width = Math.max(each.width, BOX.width * 0.8) + GAP;
    const frame = { depth, x, y: HEAD, width, height };
    const moved = move(each, x + (width - each.width) / 2, HEAD + GAP / 2);
    x += width + PAD;
    return { frame, moved };
  });
  return {
    width: Math.max(x, BOX.width + 2 * PAD),
    height: HEAD + height + PAD,
    boxes: placed.flatMap(({ moved }) => moved.boxes),
    frames: placed.flatMap(({ frame, moved }) => [frame, ...moved.frames]),
    lines: placed.flatMap(({ moved }) => moved.lines),
  };
}

function move(drawing: Drawing, dx: number, dy: number): Drawing {
  const shift = <T extends { readonly x: number; readonly y: number }>(at: T): T => ({
    ...at,
    x: at.x + dx,
    y: at.y + dy,
  });
  return {
    ...drawing,
    boxes: drawing.boxes.map(shift),
    frames: drawing.frames.map(shift),
    lines: drawing.lines.map((line) => ({
      ...line,
      points: line.points.map(shift),
      labelAt: line.labelAt && shift(line.labelAt),
    })),
  };
}
