import { showDuration } from '../../base/time/duration.js';
import { looseNap, realNow } from './real-time.js';
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
const STEPS_PER_MS = 4;
/**
 * The most steps in a row in which only heartbeat timers fire. Such steps are useful, since a heartbeat can report that
 * its task has timed out, which frees a slot of the handler.
 */
const MOST_BEATS = 1_000;
const LONGEST_NAP_MS = 10;
/** The most real milliseconds that count for one nap. */
const LATEST_NAP_MS = 50;
/** The real milliseconds without progress after which there is a pause. */
const PAUSE_EVERY_MS = 50;

/**
 * Moves a clock from timer to timer until `isDone` returns true.
 * @throws an Error that names the running handlers if they never end
 */
export async function runAhead(journey: Journey): Promise<void> {
  const { clock, isDone, next, mayMove, progress, rest = () => clock.settle() } = journey;
  const nap = looseNap();
  let stage = newStage(journey);
  for (;;) {
    await pause(stage, nap);
    await rest();
    if (isDone()) return;
    if (progress() !== stage.progress) stage = newStage(journey);
    const due = next();
    if (due !== undefined && (mayMove() || stage.beats++ < MOST_BEATS)) {
      step(stage, journey);
      // The timers that are due now fire while the clock comes to rest.
      clock.stall(Math.max(due - clock.now(), 0));
    } else if (!(await changes(journey, due, nap))) throw new Error(idle(journey));
  }
}

/** Pauses from time to time if there is no progress, so that the process can end if the test is over. */
async function pause(stage: Stage, nap: (ms: number) => Promise<void>): Promise<void> {
  const now = realNow();
  if (now - stage.pausedAt < PAUSE_EVERY_MS) return;
  stage.pausedAt = now;
  await nap(1);
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
  /** The real time of the last pause. */
  pausedAt: number;
}

function newStage({ clock, progress, asked }: Journey): Stage {
  const began = realNow();
  return {
    ...{ progress: progress(), began, from: clock.now(), pausedAt: began },
    ...{ asked: asked(), steps: 0, beats: 0 },
  };
}

/**
 * Waits, in real time, until there is progress or a timer changes. Returns false if neither happens within `idleMs`.
 * Time in which other code blocks the process doesn't count.
 */
async function changes(
  { clock, isDone, next, progress }: Journey,
  due: number | undefined,
  nap: (ms: number) => Promise<void>,
): Promise<boolean> {
  const [before, pending] = [progress(), clock.pending];
  const isSame = (): boolean =>
    !isDone() && progress() === before && next() === due && clock.pending === pending && !clock.work.isOpen;
  let waited = 0;
  for (let ms = 1; isSame(); ms = Math.min(ms * 2, LONGEST_NAP_MS)) {
    if (waited > clock.work.idleMs) return false;
    const from = realNow();
    await nap(ms);
    waited += Math.min(realNow() - from, LATEST_NAP_MS);
  }
  return true;
}

const fix = ({ clock }: Journey): string =>
  `Fix: mock what it waits for, so that it settles; or give it a limit, by \`timeout\` of @Handle or "TimeoutSeconds" of the state; or give it more time: { realTimeLimit: '${(clock.work.limitMs * 6) / 1000}s' }`;

function namesOf({ running }: Journey): string {
  const names = [...new Set(running())];
  return `${names.join(', ')} ${names.length > 1 ? 'have' : 'has'} not ended`;
}

const idle = (journey: Journey): string =>
  `${namesOf(journey)} in ${journey.clock.work.idleMs / 1000} real seconds: no file, socket or timer is on its way for it, and nothing is due by the clock\n${fix(journey)}`;

function endless({ steps, from }: Stage, journey: Journey): string {
  const passed = showDuration(journey.clock.now() - from);
  return `${namesOf(journey)}, however far the clock runs ahead: ${passed} in ${steps} steps\n${fix(journey)}`;
}
