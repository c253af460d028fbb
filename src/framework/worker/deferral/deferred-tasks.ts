import type { Cancel, Clock } from '../../base/time/clock.js';
import type { ActivityPort } from '../../aws/activity-port.js';
import type { Heartbeat, Heartbeats } from '../heartbeat/heartbeats.js';

/** A task that its handler has deferred. */
export interface DeferredTask {
  readonly token: string;
  /** The interval of its heartbeats in milliseconds; `false` if its handler has none. */
  readonly heartbeatMs: number | false;
  /** The time at which the task fails if nobody has completed it, in epoch milliseconds. */
  readonly until: number;
}

/** The parts of a worker by which deferred tasks are held. */
export interface HoldingWorld {
  readonly clock: Clock;
  readonly port: ActivityPort;
  readonly heartbeats: Heartbeats;
}

/** Is told of the end of a deferred task. */
export interface HoldingListener {
  /** The service no longer wants the task: somebody completed it, it timed out, or its execution has ended. */
  readonly onOver: () => void;
  /** Nobody has completed the task until its time was over. It is held until `release`. */
  readonly onExpired: () => void;
}

/**
 * The interval at which a heartbeat is sent for a task whose handler has none, so that it is noticed that its execution
 * was stopped.
 */
const ASK_MS = 300_000;

interface Held {
  readonly heartbeat: Heartbeat;
  readonly cancel: Cancel;
}

/** Holds deferred tasks: sends their heartbeats until the service no longer wants them, and watches their time. */
export class DeferredTasks {
  readonly #held = new Map<string, Held>();

  /** The number of tasks that are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Holds a task. Does nothing if it is held already. */
  hold(
    { token, heartbeatMs, until }: DeferredTask,
    { clock, port, heartbeats }: HoldingWorld,
    { onOver, onExpired }: HoldingListener,
  ): void {
    if (this.#held.has(token)) return;
    const heartbeat = heartbeats.track({
      ...{ port, token },
      everyMs: heartbeatMs === false ? ASK_MS : heartbeatMs,
      leasedAt: clock.now(),
      onGone: () => {
        if (this.release(token)) onOver();
      },
    });
    const cancel = clock.after(until - clock.now(), onExpired);
    this.#held.set(token, { heartbeat, cancel });
  }

  /** Holds a task no longer: no more heartbeats are sent for it. @returns false if it wasn't held */
  release(token: string): boolean {
    const held = this.#held.get(token);
    if (!held) return false;
    this.#held.delete(token);
    held.cancel();
    held.heartbeat.release();
    return true;
  }

  /** Holds no task any longer. */
  releaseAll(): void {
    for (const token of [...this.#held.keys()]) this.release(token);
  }
}
