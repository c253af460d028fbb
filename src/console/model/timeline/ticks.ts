import { duration, wholeSeconds } from '../format.js';
import type { Scale } from './shares.js';

/** A mark of the ruler: its distance from the left in pixels, and the time since the start. */
interface Tick {
  readonly x: number;
  readonly text: string;
}

/** The least distance of two marks, in pixels. */
const LEAST_WIDTH = 76;
const UNITS = [1, 1_000, 60_000, 3_600_000, 86_400_000];
const ROUND = [1, 2, 5, 10, 15, 20, 30, 50, 100, 200, 500];

/** Returns the distance of two marks: a round time, in milliseconds, and its width in pixels. */
export function tickStep({ from, until, width }: Scale): { readonly ms: number; readonly width: number } {
  const whole = Math.max(1, until - from);
  const least = (whole / width) * LEAST_WIDTH;
  const steps = UNITS.flatMap((unit) => ROUND.map((each) => each * unit)).toSorted((a, b) => a - b);
  const ms = steps.find((each) => each >= least && each % unitOf(each) === 0) ?? least;
  return { ms, width: (ms / whole) * width };
}

/** Returns the largest unit that is not longer than a time. */
const unitOf = (ms: number): number => UNITS.findLast((unit) => unit <= ms) ?? 1;

/** Returns the marks of the ruler. The last one is far enough from the end to have its text. */
export function ticksOf(scale: Scale): Tick[] {
  const step = tickStep(scale);
  const say = step.ms < 1_000 ? duration : wholeSeconds;
  const length = Math.max(1, Math.ceil((scale.width - LEAST_WIDTH / 2) / step.width));
  return Array.from({ length }, (_, i) => ({
    x: i * step.width,
    text: i === 0 ? '0' : say(i * step.ms),
  }));
}
