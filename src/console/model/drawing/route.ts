import { type Bounds, middleOf, type Point } from './drawing.js';

/** The top and the bottom edge of a row of states, in pixels. */
export interface Rank {
  readonly top: number;
  readonly bottom: number;
}

/** The smallest distance, in pixels, between the end of a line and a corner of the box that the line touches. */
const FROM_CORNER = 18;

/**
 * Returns the points of a line from one box to another. The line leaves the first box at its bottom and enters the
 * second at its top; a line that leads back up does the reverse. Inside a row of states the line is vertical, because a
 * slanted line would cross the corners of tall states.
 * @param points the points of the line in dagre's layout
 */
export function route(from: Bounds, to: Bounds, points: readonly Point[], ranks: readonly Rank[]): Point[] {
  const inner = points.slice(1, -1);
  const isDown = middleOf(from).y <= middleOf(to).y;
  return [
    ...endAt(from, inner[0] ?? middleOf(to), isDown, ranks),
    ...inner.flatMap((point) => crossing(point, isDown, ranks)),
    ...endAt(to, inner.at(-1) ?? middleOf(from), !isDown, ranks).toReversed(),
  ];
}

/**
 * Returns the points at one end of a line: on the edge of its box, and on the edge of the row that contains the box.
 */
function endAt(box: Bounds, toward: Point, isBottom: boolean, ranks: readonly Rank[]): Point[] {
  const x = Math.max(box.x + FROM_CORNER, Math.min(box.x + box.width - FROM_CORNER, toward.x));
  const y = isBottom ? box.y + box.height : box.y;
  const rank = ranks.find(({ top, bottom }) => box.y >= top - 1 && box.y + box.height <= bottom + 1);
  return [{ x, y }, ...(rank ? [{ x, y: isBottom ? rank.bottom : rank.top }] : [])];
}

/**
 * If a point is inside a row of states, returns the two points at which a vertical line through it enters and leaves
 * the row. Otherwise returns the point itself.
 */
function crossing(point: Point, isDown: boolean, ranks: readonly Rank[]): Point[] {
  const rank = ranks.find(({ top, bottom }) => point.y > top && point.y < bottom);
  if (!rank) return [point];
  const [top, bottom] = [
    { x: point.x, y: rank.top },
    { x: point.x, y: rank.bottom },
  ];
  return isDown ? [top, bottom] : [bottom, top];
}
