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
  /** Undefined for a pill. */
  readonly node: StateNode | undefined;
  readonly kind: 'state' | 'container' | 'start' | 'end';
  /** The number of containers around it. */
  readonly depth: number;
}

/** A branch of a Parallel, or what a Map repeats. */
export interface Frame extends Bounds {
  /** The number of containers around its own. */
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

/** The names of the pills, which no state can have: theirs hold no NUL. */
export const START = '\u0000start';
export const END = '\u0000end';

export const isPill = (name: string): boolean => name === START || name === END;

export const middleOf = ({ x, y, width, height }: Bounds): Point => ({ x: x + width / 2, y: y + height / 2 });

const LONGEST_LABEL = 30;

/** Cuts a label to what is drawn of it. */
export const shownLabel = (label: string): string =>
  label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;

/** Returns the drawing moved by an offset. */
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
