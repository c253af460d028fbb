import { type Box, type Drawing, middleOf } from './drawing.js';

/**
 * Returns the name of the state to which an arrow key leads. Down follows a line or enters a Parallel or Map. Up goes
 * back along a line or leaves a Parallel or Map. Left and right lead to the nearest state on that side. Returns
 * undefined if there is no such state.
 */
export function neighbour({ boxes, lines }: Drawing, name: string, key: string): string | undefined {
  const states = boxes.filter(({ node }) => node);
  const here = states.find((each) => each.name === name);
  if (!here) return undefined;
  const isState = (each: string): boolean => states.some((box) => box.name === each);
  switch (key) {
    case 'ArrowDown':
      return firstInside(states, here) ?? lines.find(({ from, to }) => from === name && isState(to))?.to;
    case 'ArrowUp':
      return lines.find(({ from, to }) => to === name && isState(from))?.from ?? containerOf(states, here);
    case 'ArrowLeft':
      return nearestBeside(states, here, -1);
    case 'ArrowRight':
      return nearestBeside(states, here, 1);
    default:
      return undefined;
  }
}

function nearestBeside(states: readonly Box[], here: Box, sign: -1 | 1): string | undefined {
  const beside = states.filter(
    (each) => each !== here && sign * (middleOf(each).x - middleOf(here).x) > 10 && !isIn(here, each),
  );
  return beside.toSorted((a, b) => distance(a, here) - distance(b, here))[0]?.name;
}

/**
 * Returns a distance between two boxes, by which the nearest one is chosen. The vertical distance counts more, so that
 * the left and right keys lead to a state at about the same height.
 */
const distance = (a: Box, b: Box): number =>
  Math.abs(middleOf(a).x - middleOf(b).x) + 4 * Math.abs(a.y - b.y);

const isIn = (inner: Box, outer: Box): boolean =>
  inner.depth > outer.depth &&
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

function firstInside(states: readonly Box[], container: Box): string | undefined {
  if (container.kind !== 'container') return undefined;
  return states
    .filter((each) => each.depth === container.depth + 1 && isIn(each, container))
    .toSorted((a, b) => a.y - b.y || a.x - b.x)[0]?.name;
}

const containerOf = (states: readonly Box[], inner: Box): string | undefined =>
  states.find((each) => each.depth === inner.depth - 1 && isIn(inner, each))?.name;
