import { showDuration } from '../../base/time/duration.js';
import { nap, realNow } from './real-time.js';
import type { TestClock } from './test-clock.js';

/** The parameters of `runAhead`, which moves a clock from timer to timer: when to stop, and which timers there are. */
export interface Journey {
  readonly clock: TestClock;
  /** Returns true when the clock has moved on far enough. */
  readonly isDone: () => boolean;
  /** Returns the time of the next timer to fire, in epoch milliseconds; undefined if no timer is waiting. */
  readonly next: () => number | undefined;
  /** Returns true if a timer is set that can lead to progress. The heartbeat timers of running tasks don't count. */
  readonly mayMove: () => boolean;
  /** Returns the number of timers that were ever set, except those for heartbeats. */
  readonly asked: () => number;
  /** Returns a number that changes whenever something has progressed, such as the number of finished tasks. */
  readonly progress: () => number;
  /** Returns the names of the running handlers, for an error message. */
  readonly running: () => readonly string[];
  /** Waits until nothing more happens without moving the clock. @default `clock.settle()` */
  readonly rest?: () => Promise<void>;
}

/**
 * `runAhead` gives up after this many steps (from one timer to the next) for each millisecond of the limit of real
 * time. Only steps in which a new timer was set count, and progress resets the count. So the error comes before a test
 * runner's own limit of 5 s.
 */
const STEPS_PER_MS = 5;
/**
 * The most steps in a row in which only heartbeat timers fire. Such steps are useful, since a heartbeat can report that
 * its task has timed out, which frees a slot of the handler.
 */
const MOST_BEATS = 1_000;
const LONGEST_NAP_MS = 10;

/**
 * Moves a clock from timer to timer until `isDone` returns true.
 * @throws an Error that names the running handlers if they never end
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

/**
 * Counts a step if a new timer was set since the last step.
 * @throws an Error after too many steps, or after too much real time
 */
function step(stage: Stage, journey: Journey): void {
  const asked = journey.asked();
  if (asked === stage.asked) return;
  stage.asked = asked;
  stage.steps++;
  const { limitMs } = journey.clock.work;
  if (stage.steps > limitMs * STEPS_PER_MS || realNow() - stage.began > limitMs)
    throw new Error(endless(stage, journey));
}

/** Counts what has happened since the last progress. */
interface Stage {
  readonly progress: number;
  /** The real time of the last progress. */
  readonly began: number;
  /** The time on the clock at the last progress. */
  readonly from: number;
  asked: number;
  steps: number;
  beats: number;
}

const newStage = ({ clock, progress, asked }: Journey): Stage => ({
  ...{ progress: progress(), began: realNow(), from: clock.now() },
  ...{ asked: asked(), steps: 0, beats: 0 },
});

/**
 * Waits, in real time, until there is progress or a timer changes. Returns false if neither happens within `idleMs`.
 */
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
