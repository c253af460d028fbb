import type { Edge, StateNode } from '../definition.js';

/** The layout of a machine. All numbers are pixels from the drawing's top left corner. */
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

/** A state, or the pill (a rounded mark) that shows where the machine starts or ends. */
export interface Box extends Bounds {
  readonly name: string;
  /** The state in the definition; undefined for a pill. */
  readonly node: StateNode | undefined;
  readonly kind: 'state' | 'container' | 'start' | 'end';
  /** The number of Parallels and Maps in which the state is nested. */
  readonly depth: number;
}

/** The frame around a branch of a Parallel, or around the states that a Map repeats. */
export interface Frame extends Bounds {
  /** The number of Parallels and Maps in which the frame's own Parallel or Map is nested. */
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

/** The names of the pills that mark the start and the end. They contain a NUL, so no state can have the same name. */
export const START = '\u0000start';
export const END = '\u0000end';

export const isPill = (name: string): boolean => name === START || name === END;

export const middleOf = ({ x, y, width, height }: Bounds): Point => ({ x: x + width / 2, y: y + height / 2 });

const LONGEST_LABEL = 30;

/** Returns a label as it is drawn: its beginning, if it is too long. */
export const shownLabel = (label: string): string =>
  label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;

/** Returns a copy of the drawing that is moved by `dx` and `dy` pixels. */
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
