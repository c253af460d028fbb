import type { Edge, StateNode } from '../definition.js';

/**
 * The positions of all elements in the graph of a machine. All numbers are pixels, counted from the top left corner of
 * the graph.
 */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly frames: readonly Frame[];
  readonly lines: readonly Line[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Bounds extends Point {
  readonly width: number;
  readonly height: number;
}

/** The rectangle of a state, or of a pill: the rounded mark that shows where the machine starts or ends. */
export interface Box extends Bounds {
  readonly name: string;
  /** The state to which the box belongs; undefined for a pill. */
  readonly node: StateNode | undefined;
  readonly kind: 'state' | 'container' | 'start' | 'end';
  /** The number of Parallels and Maps around the state. */
  readonly depth: number;
}

/** The frame around a branch of a Parallel, or around the states that a Map repeats. */
export interface Frame extends Bounds {
  /** The number of Parallels and Maps around the one to which the frame belongs. */
  readonly depth: number;
}

/** A line from one box to another. */
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
  readonly label: string;
  readonly points: readonly Point[];
  readonly labelAt: Point | undefined;
}

/**
 * The names of the two pills, for the start and the end of the machine. They contain a NUL character, so that no state
 * can have the same name.
 */
export const START = '\u0000start';
export const END = '\u0000end';

export const isPill = (name: string): boolean => name === START || name === END;

export const middleOf = ({ x, y, width, height }: Bounds): Point => ({ x: x + width / 2, y: y + height / 2 });

const LONGEST_LABEL = 30;

/** Returns a label, cut to the length that is drawn if it is too long. */
export const shownLabel = (label: string): string =>
  label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;

/** Returns a copy of a drawing in which everything is moved by `dx` and `dy` pixels. */
export function move(drawing: Drawing, dx: number, dy: number): Drawing {
  const shift = <T extends Point>(at: T): T => ({ ...at, x: at.x + dx, y: at.y + dy });
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
