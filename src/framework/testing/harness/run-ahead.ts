import { showDuration } from '../../base/time/duration.js';
import { nap, realNow } from './real-time.js';
import type { TestClock } from './test-clock.js';

/** What `runAhead` has to know: how long the clock must run ahead, and which timers there are. */
export interface Journey {
  readonly clock: TestClock;
  /** Returns true if the clock can stop running ahead. */
  readonly isDone: () => boolean;
  /** Returns the time of the next timer to fire, in epoch milliseconds; undefined if no timer is waiting. */
  readonly next: () => number | undefined;
  /**
   * Returns true if a timer is waiting that may lead to progress. The timer of a running task's heartbeat doesn't
   * count.
   */
  readonly mayMove: () => boolean;
  /** Returns the number of timers that were set so far, not counting those for heartbeats. */
  readonly asked: () => number;
  /** Returns a number that changes with each progress. */
  readonly progress: () => number;
  /** Returns the names of the running handlers, for an error message. */
  readonly running: () => readonly string[];
  /** Waits until everything has happened that needs no time on the clock. @default waits until the clock has settled */
  readonly rest?: () => Promise<void>;
}

/**
 * The number of steps, for each millisecond of the limit of real time, after which running ahead is given up. Only
 * steps without progress and with a newly set timer are counted. With the number, the error comes before a test
 * runner's own limit of 5 s.
 */
const STEPS_PER_MS = 5;
/**
 * The most steps that are made only for heartbeats. They are made because a heartbeat may learn that its task is gone,
 * which frees a slot.
 */
const MOST_BEATS = 1_000;
const LONGEST_NAP_MS = 10;

/**
 * Moves a clock from timer to timer until `isDone` returns true.
 * @throws an Error that names the handlers that don't end.
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
 * Counts a step if a timer was set since the last step.
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

/** The steps and the time since the last progress. */
interface Stage {
  readonly progress: number;
  /** The real time of the last progress. */
  readonly began: number;
  /** The time on the journey's clock at the last progress. */
  readonly from: number;
  asked: number;
  steps: number;
  beats: number;
}

const newStage = ({ clock, progress, asked }: Journey): Stage => ({
  ...{ progress: progress(), began: realNow(), from: clock.now() },
  ...{ asked: asked(), steps: 0, beats: 0 },
});

/** Waits, in real time, until something changes. Returns false if nothing changes in time. */
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
