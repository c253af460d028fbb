import { type Bounds, middleOf, type Point } from './drawing.js';

/** The top and the bottom of a row of states, in pixels. */
export interface Rank {
  readonly top: number;
  readonly bottom: number;
}

/** The least distance between the end of a line and a corner of the box at this end, in pixels. */
const FROM_CORNER = 18;

/**
 * Returns the points of a line from one box to another. The line leaves the first box at the bottom and enters the
 * second at the top; if it leads back up, it is the other way round. Through each row of states the line runs
 * vertically, since a slanted line would cut the corners of tall states.
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

/** Returns the points at the end of a line, from the edge of its box to the edge of the row in which the box is. */
function endAt(box: Bounds, toward: Point, isBottom: boolean, ranks: readonly Rank[]): Point[] {
  const x = Math.max(box.x + FROM_CORNER, Math.min(box.x + box.width - FROM_CORNER, toward.x));
  const y = isBottom ? box.y + box.height : box.y;
  const rank = ranks.find(({ top, bottom }) => box.y >= top - 1 && box.y + box.height <= bottom + 1);
  return [{ x, y }, ...(rank ? [{ x, y: isBottom ? rank.bottom : rank.top }] : [])];
}

/** If a point is inside a row of states, replaces it by the two points at which the line enters and leaves the row. */
function crossing(point: Point, isDown: boolean, ranks: readonly Rank[]): Point[] {
  const rank = ranks.find(({ top, bottom }) => point.y > top && point.y < bottom);
  if (!rank) return [point];
  const [top, bottom] = [
    { x: point.x, y: rank.top },
    { x: point.x, y: rank.bottom },
  ];
  return isDown ? [top, bottom] : [bottom, top];
}
