import type { Edge, StateNode } from '../definition.js';

/** A machine laid out. All numbers are pixels from the drawing's top left corner. */
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

/** A state, or a pill that marks where the machine starts or ends. */
export interface Box extends Bounds {
  readonly name: string;
  /** The state of the definition; undefined for a pill. */
  readonly node: StateNode | undefined;
  readonly kind: 'state' | 'container' | 'start' | 'end';
  /** The number of Parallels and Maps around the state. */
  readonly depth: number;
}

/** The frame around a branch of a Parallel, or around the states that a Map repeats. */
export interface Frame extends Bounds {
  /** The number of containers around the frame's own container. */
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

/** The names of the pills that mark the start and the end. No state can have such a name, which holds a NUL. */
export const START = '\u0000start';
export const END = '\u0000end';

export const isPill = (name: string): boolean => name === START || name === END;

export const middleOf = ({ x, y, width, height }: Bounds): Point => ({ x: x + width / 2, y: y + height / 2 });

const LONGEST_LABEL = 30;

/** Returns the part of a label that is drawn. */
export const shownLabel = (label: string): string =>
  label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;

/** Returns a copy of the drawing, moved by an offset. */
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
