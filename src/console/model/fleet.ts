import type { HandlerHold, WorkerHandler, WorkerRow } from '../../framework/local/console/api.js';
import { wholeSeconds } from './format.js';

/** Adds up the slots of handlers, and the tasks that run in them. */
export function slotsOf(handlers: readonly WorkerHandler[]): { slots: number; running: number } {
  return {
    slots: handlers.reduce((sum, { concurrency }) => sum + concurrency, 0),
    running: handlers.reduce((sum, each) => sum + each.running, 0),
  };
}

/** The state of a worker: a word, the name of a colour in the style sheet, and what else there is to say. */
export interface WorkerState {
  readonly word: string;
  readonly tone: 'green' | 'orange' | 'red' | 'grey';
  readonly more?: string;
}

/** @param now epoch milliseconds */
export function stateOf(
  { state, ready, drain, blockedSeconds }: Pick<WorkerRow, 'state' | 'ready' | 'drain' | 'blockedSeconds'>,
  now: number,
): WorkerState {
  if (state === 'unknown') return { word: "Can't be read", tone: 'red' };
  if (blockedSeconds !== undefined)
    return { word: 'Blocked', tone: 'orange', more: `for ${wholeSeconds(blockedSeconds * 1_000)}` };
  if (state === 'draining') {
    const left = drain ? drain.graceUntil - now : undefined;
    const grace =
      left === undefined ? {} : { more: left > 0 ? `grace ends in ${wholeSeconds(left)}` : 'grace is over' };
    return { word: 'Draining', tone: 'orange', ...grace };
  }
  if (state === 'running')
    return ready ? { word: 'Ready', tone: 'green' } : { word: 'Not ready', tone: 'orange' };
  if (state === 'created') return { word: 'Starting', tone: 'orange' };
  if (state === 'failed') return { word: 'Failed', tone: 'red' };
  return { word: state, tone: 'grey' };
}

const HELD_BY: Readonly<Record<HandlerHold['by'], string>> = {
  control: 'paused',
  task: 'paused by a task',
  waiting: 'waiting for the service',
};

/** Returns why a handler takes no tasks, and for how long: `paused by a task, 40 s left`. */
export function heldWords({ by, since, until, failure }: HandlerHold, now: number): string {
  const words = failure === undefined ? HELD_BY[by] : `${HELD_BY[by]} (${failure})`;
  if (until !== undefined) return `${words}, ${wholeSeconds(Math.max(0, until - now))} left`;
  return since === undefined ? words : `${words} for ${wholeSeconds(Math.max(0, now - since))}`;
}

/** Returns what the platform does to protect a worker; undefined if it does nothing. */
export function protectionWords(protection: WorkerRow['protection'], now: number): string | undefined {
  if (!protection || protection.state === 'free') return undefined;
  const platform = protection.platform === 'ecs' ? 'ECS' : 'Kubernetes';
  if (protection.state === 'wanted') return `${platform} is asked`;
  const { since } = protection;
  return since === undefined ? platform : `${platform}, for ${wholeSeconds(Math.max(0, now - since))}`;
}
