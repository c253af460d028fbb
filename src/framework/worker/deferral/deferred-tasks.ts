import type { Cancel } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { Heartbeat, Heartbeats } from '../heartbeat/heartbeats.js';
import { ownFailure } from '../handler/outcome/failure.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import { Report, type ReportEnd, type ReportWorld } from '../task/report.js';

/** A task that its handler has deferred. All times are epoch milliseconds. */
export interface DeferredTask {
  readonly token: string;
  /** The interval of its heartbeats; `false` if its handler has none. */
  readonly heartbeatMs: number | false;
  readonly deferredAt: number;
  /** The time at which the task fails if nobody has completed it. */
  readonly until: number;
}

/** The parts of a worker that deferred tasks of one handler use. */
export interface DeferredTaskWorld extends ReportWorld {
  readonly heartbeats: Heartbeats;
}

/**
 * How a deferred task has ended for the worker that held it.
 * - `over`: the service no longer wants it, because somebody completed it, it timed out, or its execution has ended.
 * - `expired`: nobody completed it in time, and it was reported as failed.
 * - `lost`: the same, but the service didn't accept the report.
 */
export type DeferredEnd = 'over' | 'expired' | 'lost';

/**
 * The interval at which a task whose handler sends no heartbeats is asked for nevertheless. Only so it is noticed that
 * its execution was stopped.
 */
const ASK_MS = 300_000;

interface Held {
  readonly heartbeat: Heartbeat;
  readonly cancel: Cancel;
}

/**
 * Holds deferred tasks: sends their heartbeats until the service no longer wants them, and reports those as failed that
 * nobody completes in time.
 */
export class DeferredTasks {
  readonly #held = new Map<string, Held>();

  /** The number of tasks that are held. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Holds a task. Does nothing if it is held already.
   * @param onEnd called once when the task has ended, unless `release` was called before
   */
  hold(task: DeferredTask, world: DeferredTaskWorld, onEnd: (end: DeferredEnd) => void): void {
    const { token, heartbeatMs, until } = task;
    if (this.#held.has(token)) return;
    const { clock, port, heartbeats } = world;
    const heartbeat = heartbeats.track({
      ...{ port, token },
      everyMs: heartbeatMs === false ? ASK_MS : heartbeatMs,
      leasedAt: clock.now(),
      onGone: () => {
        this.release(token);
        onEnd('over');
      },
    });
    const cancel = clock.after(until - clock.now(), () => {
      void reportExpired(task, world).then((kind) => {
        if (!this.#held.has(token)) return;
        this.release(token);
        onEnd(kind === 'accepted' ? 'expired' : kind === 'gone' ? 'over' : 'lost');
      });
    });
    this.#held.set(token, { heartbeat, cancel });
  }

  /** Holds the task no longer: no more heartbeats are sent for it. */
  release(token: string): void {
    const held = this.#held.get(token);
    if (!held) return;
    this.#held.delete(token);
    held.cancel();
    held.heartbeat.release();
  }

  /** Holds no task any longer. */
  releaseAll(): void {
    for (const token of [...this.#held.keys()]) this.release(token);
  }
}

async function reportExpired(
  { token, deferredAt, until }: DeferredTask,
  world: ReportWorld,
): Promise<ReportEnd['kind']> {
  const message = `nobody completed the task within the ${showDuration(until - deferredAt)} for which it was deferred`;
  const failure = ownFailure(OWN_ERROR.deadlineExceeded, message);
  return (await new Report(token, world, () => {}).send(failure)).kind;
}
