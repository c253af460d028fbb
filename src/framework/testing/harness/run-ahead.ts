import { showDuration } from '../../base/time/duration.js';
import { nap, realNow } from './real-time.js';
import type { TestClock } from './test-clock.js';

/** What a clock runs ahead for. */
export interface Journey {
  readonly clock: TestClock;
  /** True where time is not needed any more. */
  readonly isDone: () => boolean;
  /** The time of the next timer that may fire, in epoch milliseconds; undefined where none waits. */
  readonly next: () => number | undefined;
  /** True where a timer waits that may bring anything on: no heartbeat of a task that runs. */
  readonly mayMove: () => boolean;
  /** The number of timers that were ever set, without those of heartbeats. */
  readonly asked: () => number;
  /** A number that changes with each step towards the end. */
  readonly progress: () => number;
  /** The names of the handlers that run, for an error. */
  readonly running: () => readonly string[];
  /** Resolves when everything has happened that needs no time by the clock. @default the clock has settled */
  readonly rest?: () => Promise<void>;
}

/**
 * The steps of time, each with a new timer, without progress, after which a journey has no end: for each millisecond of the
 * limit of real time, so that a runner's own limit of 5 s does not come first.
 */
const STEPS_PER_MS = 5;
/** The steps that heartbeats alone may take. One of them may learn that its task is gone, and free a slot. */
const MOST_BEATS = 1_000;
const LONGEST_NAP_MS = 10;

/**
 * Moves a clock from timer to timer until the end of a journey.
 * @throws an Error that names the handlers that do not come to an end.
 */
export async function runAhead(journey: Journey): Promise<void> {
  const { clock, isDone, next, mayMove, progress, rest = () => clock.settle() } = journey;
  let stage = newStage(journey);
  for (;;) {
    await rest();
    if (isDone()) return;
    if (progress() !== stage.progress) stage = newStage(journey);
    const due = next();
    if (due !== undefined && (mayMove() || stage.beats++ < MOST_BEATS)) {
      step(stage, journey);
      // The timers that are due now fire while the clock comes to rest.
      clock.stall(Math.max(due - clock.now(), 0));
    } else if (!(await changes(journey, due))) throw new Error(idle(journey));
  }
}

/** Counts a step where somebody has set a timer since the last. @throws an Error after too many, or too much real time */
function step(stage: Stage, journey: Journey): void {
  const asked = journey.asked();
  if (asked === stage.asked) return;
  stage.asked = asked;
  stage.steps++;
  const { limitMs } = journey.clock.work;
  if (stage.steps > limitMs * STEPS_PER_MS || realNow() - stage.began > limitMs)
    throw new Error(endless(stage, journey));
}

/** The steps and the time since the last progress. */
interface Stage {
  readonly progress: number;
  /** By the real clock. */
  readonly began: number;
  /** By the journey's clock. */
  readonly from: number;
  asked: number;
  steps: number;
  beats: number;
}

const newStage = ({ clock, progress, asked }: Journey): Stage => ({
  ...{ progress: progress(), began: realNow(), from: clock.now() },
  ...{ asked: asked(), steps: 0, beats: 0 },
});

/** Waits in real time for anything to happen. Returns false where nothing does. */
async function changes(
  { clock, isDone, next, progress }: Journey,
  due: number | undefined,
): Promise<boolean> {
  const [began, before, pending] = [realNow(), progress(), clock.pending];
  const isSame = (): boolean =>
    !isDone() && progress() === before && next() === due && clock.pending === pending && !clock.work.isOpen;
  for (let ms = 1; isSame(); ms = Math.min(ms * 2, LONGEST_NAP_MS)) {
    if (realNow() - began > clock.work.idleMs) return false;
    await nap(ms);
  }
  return true;
}

const FIX =
  'Fix: mock what it waits for, so that it settles; or give it a limit, by `timeout` of @Handle or "TimeoutSeconds" of the state';

function namesOf({ running }: Journey): string {
  const names = [...new Set(running())];
  return `${names.join(', ')} ${names.length > 1 ? 'have' : 'has'} not ended`;
}

const idle = (journey: Journey): string =>
  `${namesOf(journey)} in ${journey.clock.work.idleMs / 1000} real seconds: no file, socket or timer is on its way for it, and nothing is due by the clock\n${FIX}`;

function endless({ steps, from }: Stage, journey: Journey): string {
  const passed = showDuration(journey.clock.now() - from);
  return `${namesOf(journey)}, however far the clock runs ahead: ${passed} in ${steps} steps\n${FIX}`;
}
