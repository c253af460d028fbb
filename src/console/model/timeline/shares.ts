import { type BarKind, BAR_WORDS, type TimelineBar } from './bars.js';

/** A part of the time that a row shows, and the pixels of it. */
export interface Scale {
  readonly from: number;
  readonly until: number;
  readonly width: number;
}

/** The least width of a bar in pixels, so that one of less than a millisecond can be seen. */
const LEAST_WIDTH = 4;

/** Returns where a bar begins and ends, in pixels. */
export function extentOf({ from, to }: TimelineBar, scale: Scale): { x: number; end: number } {
  const px = (at: number): number =>
    ((at - scale.from) / Math.max(1, scale.until - scale.from)) * scale.width;
  const width = Math.max(LEAST_WIDTH, px(to ?? scale.until) - px(from));
  const x = Math.max(0, Math.min(px(from), scale.width - width));
  return { x, end: x + width };
}

/** For each pixel of a row the number of bars there, by their kind. */
export interface Shares {
  readonly counts: ReadonlyMap<BarKind, Int32Array>;
  readonly width: number;
  /** The most bars at one pixel. */
  readonly most: number;
}

/** Counts the bars at the middle of each pixel. A short bar counts only where there is no other of its kind. */
export function sharesOf(bars: readonly TimelineBar[], scale: Scale): Shares {
  const width = Math.max(1, Math.round(scale.width));
  // First the differences between a pixel and the one before.
  const counts = new Map<BarKind, Int32Array>();
  const short: [own: Int32Array, x: number, end: number][] = [];
  for (const bar of bars) {
    const { x, end } = extentOf(bar, scale);
    let own = counts.get(bar.kind);
    if (!own) counts.set(bar.kind, (own = new Int32Array(width + 1)));
    if (end - x <= LEAST_WIDTH) short.push([own, x, end]);
    else {
      own[Math.round(x)] = (own[Math.round(x)] ?? 0) + 1;
      own[Math.round(end)] = (own[Math.round(end)] ?? 0) - 1;
    }
  }
  const totals = new Int32Array(width + 1);
  for (const own of counts.values())
    for (let at = 0, sum = 0; at <= width; at++) {
      own[at] = sum += own[at] ?? 0;
      totals[at] = (totals[at] ?? 0) + sum;
    }
  for (const [own, x, end] of short)
    for (let at = Math.floor(x); at < Math.floor(end) && at < width; at++) own[at] ||= 1;
  return { counts, width, most: totals.reduce((a, b) => Math.max(a, b), 1) };
}

const KINDS = Object.keys(BAR_WORDS) as BarKind[];
/** The least height of a kind where there is one of it, in pixels. */
const LEAST_HEIGHT = 2;

/** Returns the areas of a chart that shows the shares one above the other: an SVG path for each kind. */
export function areasOf({ counts, width, most }: Shares, height: number): { kind: BarKind; path: string }[] {
  const kinds = KINDS.filter((kind) => counts.has(kind));
  const paths = new Map<BarKind, string>(kinds.map((kind) => [kind, '']));
  const at = (x: number): number[] =>
    heightsAt(
      kinds.map((kind) => counts.get(kind)?.[x] ?? 0),
      most,
      height,
    );
  for (let x = 0, next = 0; x < width; x = next) {
    const heights = at(x);
    next = x + 1;
    while (next < width && kinds.every((kind) => counts.get(kind)?.[next] === counts.get(kind)?.[x])) next++;
    let y = height;
    for (const [i, kind] of kinds.entries()) {
      const own = heights[i] ?? 0;
      if (own === 0) continue;
      y -= own;
      paths.set(kind, `${paths.get(kind)}M${x} ${y.toFixed(1)}h${next - x}v${own.toFixed(1)}h${x - next}z`);
    }
  }
  return kinds.map((kind) => ({ kind, path: paths.get(kind) ?? '' }));
}

function heightsAt(counts: readonly number[], most: number, height: number): number[] {
  const wanted = counts.map((each) => (each === 0 ? 0 : Math.max(LEAST_HEIGHT, (each / most) * height)));
  const excess = wanted.reduce((a, b) => a + b, 0) - height;
  const highest = wanted.indexOf(Math.max(...wanted));
  return excess > 0 ? wanted.map((each, i) => (i === highest ? each - excess : each)) : wanted;
}
