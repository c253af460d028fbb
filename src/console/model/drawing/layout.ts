import { graphlib, layout as runDagre } from '@dagrejs/dagre';
import type { Edge, Group, StateNode } from '../definition.js';
import { type Bounds, type Box, type Drawing, END, type Frame, type Line, type Point } from './drawing.js';
import { move, shownLabel, START } from './drawing.js';
import { type Rank, route } from './route.js';

const STATE = { width: 212, height: 60 };
const PILL = { width: 64, height: 28 };
/**
 * The height of the upper part of a Parallel or Map, in pixels. It shows the state's name; below it are the frames with
 * the inner states.
 */
const HEAD = 62;
const PAD = 14;
const GAP = 20;
const LABEL = { charWidth: 6.2, height: 18, pad: 14 };

const DAGRE_OPTIONS = {
  rankdir: 'TB',
  rankalign: 'top',
  nodesep: 28,
  ranksep: 26,
  edgesep: 18,
  marginx: 4,
  marginy: 4,
};

/** The id of a state in dagre, which keeps nodes as keys of objects: an inherited name would be taken for a node. */
const idOf = (name: string): string => `:${name}`;

type DagreGraph = InstanceType<typeof graphlib.Graph>;

/**
 * The contents of one layout: the states of a machine or branch, the edges between them, and the finished drawings of
 * its Parallels and Maps.
 */
interface Content {
  readonly group: Group;
  readonly edges: readonly GroupEdge[];
  readonly containers: ReadonlyMap<string, Drawing>;
  readonly depth: number;
  readonly isMachine: boolean;
}

/**
 * Computes the layout of a machine, from top to bottom. Each branch gets its own layout and is then treated as one
 * node, because dagre (the layout library) doesn't allow an edge to a group of nodes.
 */
export function layOut(group: Group): Drawing {
  return layOutGroup(group, 0, true);
}

function layOutGroup(group: Group, depth: number, isMachine: boolean): Drawing {
  const containers = new Map<string, Drawing>();
  for (const node of group.states)
    if (node.inside.length > 0) containers.set(node.name, layOutContainer(node, depth));
  const content = { group, edges: edgesOf(group, isMachine), containers, depth, isMachine };
  const graph = graphOf(content);
  runDagre(graph);
  return drawingOf(content, graph);
}

/**
 * Computes the layout of a Parallel or Map: its branches or its states, side by side, below the part with the state's
 * name.
 */
function layOutContainer({ inside }: StateNode, depth: number): Drawing {
  const parts = inside.map((each) => layOutGroup(each, depth + 1, false));
  const height = Math.max(STATE.height, ...parts.map((each) => each.height)) + GAP;
  let x = PAD;
  const placed = parts.map((each) => {
    const width = Math.max(each.width, STATE.width * 0.8) + GAP;
    const frame = { depth, x, y: HEAD, width, height };
    const moved = move(each, x + (width - each.width) / 2, HEAD + GAP / 2);
    x += width + PAD;
    return { frame, moved };
  });
  return {
    width: Math.max(x, STATE.width + 2 * PAD),
    height: HEAD + height + PAD,
    boxes: placed.flatMap(({ moved }) => moved.boxes),
    frames: placed.flatMap(({ frame, moved }) => [frame, ...moved.frames]),
    lines: placed.flatMap(({ moved }) => moved.lines),
  };
}

interface GroupEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
  readonly label: string;
}

/**
 * Returns the edges between the states, without those to states that don't exist. Several edges between the same two
 * states become one edge with all their labels, but those of a Catch stay separate from the others.
 */
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

function graphOf({ group, edges, containers, isMachine }: Content): DagreGraph {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ ...DAGRE_OPTIONS });
  for (const { name } of group.states) {
    const { width, height } = containers.get(name) ?? STATE;
    graph.setNode(idOf(name), { width, height });
  }
  if (isMachine) for (const pill of [START, END]) graph.setNode(idOf(pill), { ...PILL });
  for (const [index, edge] of edges.entries())
    graph.setEdge(
      idOf(edge.from),
      idOf(edge.to),
      { ...labelSize(edge.label), index, labelpos: 'c' },
      String(index),
    );
  return graph;
}

function labelSize(label: string): { width: number; height: number } {
  if (label === '') return { width: 0, height: 0 };
  return { width: shownLabel(label).length * LABEL.charWidth + LABEL.pad, height: LABEL.height };
}

/** Returns the drawing for a graph whose layout dagre has computed. */
function drawingOf(content: Content, graph: DagreGraph): Drawing {
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const finite = (n: number): number => (Number.isFinite(n) ? n : 0);
  const states = content.group.states.map((node) => drawState(node, content, graph));
  return {
    width: finite(width),
    height: finite(height),
    boxes: [...pills(content, graph), ...states.flatMap(({ boxes }) => boxes)],
    frames: states.flatMap(({ frames }) => frames),
    lines: [...states.flatMap(({ lines }) => lines), ...linesOf(content, graph)],
  };
}

interface StateDrawing {
  readonly boxes: readonly Box[];
  readonly frames: readonly Frame[];
  readonly lines: readonly Line[];
}

/** Returns the box of a state, with the drawing of everything inside it. */
function drawState(node: StateNode, { containers, depth }: Content, graph: DagreGraph): StateDrawing {
  const bounds = boundsOf(node.name, graph);
  const container = containers.get(node.name);
  const kind = container ? 'container' : 'state';
  const box: Box = { name: node.name, node, kind, depth, ...bounds };
  if (!container) return { boxes: [box], frames: [], lines: [] };
  const { boxes, frames, lines } = move(container, bounds.x, bounds.y);
  return { boxes: [box, ...boxes], frames, lines };
}

function pills({ isMachine, depth }: Content, graph: DagreGraph): Box[] {
  if (!isMachine) return [];
  return [
    { name: START, node: undefined, kind: 'start', depth, ...boundsOf(START, graph) },
    { name: END, node: undefined, kind: 'end', depth, ...boundsOf(END, graph) },
  ];
}

function linesOf({ edges }: Content, graph: DagreGraph): Line[] {
  const ranks = ranksOf(graph);
  return edges.map((edge, index) => {
    const id = { v: idOf(edge.from), w: idOf(edge.to), name: String(index) };
    const { points = [], x, y } = graph.edge(id) as { points?: Point[]; x?: number; y?: number };
    const [from, to] = [boundsOf(edge.from, graph), boundsOf(edge.to, graph)];
    const labelAt = edge.label !== '' && x !== undefined && y !== undefined ? { x, y } : undefined;
    return { ...edge, points: route(from, to, points, ranks), labelAt };
  });
}

/**
 * Returns the rectangle of a node. dagre gives the position of its centre, which is converted to that of its corner.
 */
function boundsOf(name: string, graph: DagreGraph): Bounds {
  const { x, y, width, height } = graph.node(idOf(name)) as Bounds;
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function ranksOf(graph: DagreGraph): Rank[] {
  const ranks = new Map<number, Rank>();
  for (const name of graph.nodes()) {
    const { rank, y, height } = graph.node(name) as { rank: number; y: number; height: number };
    const { top = Infinity, bottom = -Infinity } = ranks.get(rank) ?? {};
    ranks.set(rank, { top: Math.min(top, y - height / 2), bottom: Math.max(bottom, y + height / 2) });
  }
  return [...ranks.values()];
}
