import type { Box, Drawing } from './layout.js';

/**
 * Where an arrow key leads from a state: down along an edge (or into a container), up against one (or out of it), left and
 * right to the nearest beside it.
 */
export function neighbour({ boxes, lines }: Drawing, name: string, key: string): string | undefined {
  const states = boxes.filter(({ node }) => node);
  const here = states.find((each) => each.name === name);
  if (!here) return undefined;
  const isState = (each: string): boolean => states.some((box) => box.name === each);
  if (key === 'ArrowDown')
    return firstInside(states, here) ?? lines.find(({ from, to }) => from === name && isState(to))?.to;
  if (key === 'ArrowUp')
    return lines.find(({ from, to }) => to === name && isState(from))?.from ?? around(states, here);
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return undefined;
  const sign = key === 'ArrowLeft' ? -1 : 1;
  const beside = states
    .filter((each) => each !== here && sign * (middle(each).x - middle(here).x) > 10 && !isIn(here, each))
    .map((each) => ({ each, far: distance(each, here) }))
    .toSorted((a, b) => a.far - b.far);
  return beside[0]?.each.name;
}

const middle = ({ x, y, width, height }: Box): { x: number; y: number } => ({
  x: x + width / 2,
  y: y + height / 2,
});

/** Up and down count more: what begins at the same height is beside. */
const distance = (a: Box, b: Box): number => Math.abs(middle(a).x - middle(b).x) + 4 * Math.abs(a.y - b.y);

const isIn = (inner: Box, outer: Box): boolean =>
  inner.depth > outer.depth &&
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

function firstInside(states: readonly Box[], { ...container }: Box): string | undefined {
  if (container.kind !== 'container') return undefined;
  return states
    .filter((each) => each.depth === container.depth + 1 && isIn(each, container))
    .toSorted((a, b) => a.y - b.y || a.x - b.x)[0]?.name;
}

function around(states: readonly Box[], inner: Box): string | undefined {
  return states.filter((each) => each.depth === inner.depth - 1 && isIn(inner, each))[0]?.name;
}
