import type { SeenWorker } from '../../../src/framework/cli/scale/estimate.js';
import { QueueWatch } from '../../../src/framework/worker/poll/poll.js';
import type { SimulatedActivity, SimulatedTask } from './simulated-activity.js';

/** The time from the decision to run one worker more until its first poll: a node is there, the image is not. */
const BOOT_MS = 60_000;
const HOLD_MS = 60_000;

interface Running {
  readonly task: SimulatedTask;
  readonly endsAt: number;
}

/** A worker: slots, and one poll of which it is told when it was held. The polls beside it fill its slots at once. */
class SimulatedWorker {
  readonly running: Running[] = [];
  readonly watch = new QueueWatch();
  /** The time at which the present poll was opened; undefined while no slot is free. */
  pollSince: number | undefined;
  draining = false;

  constructor(
    readonly slots: number,
    readonly readyAt: number,
  ) {}

  get free(): number {
    return this.draining ? 0 : this.slots - this.running.length;
  }

  /** An open poll is not withdrawn: a worker that drains waits for its end. */
  isGone(now: number): boolean {
    const polls = this.readyAt <= now && this.pollSince !== undefined && now - this.pollSince < HOLD_MS;
    return this.draining && this.running.length === 0 && !polls;
  }
}

/** The workers of one activity, as many as a platform is told to run. */
export class SimulatedFleet {
  #workers: SimulatedWorker[] = [];
  /** The milliseconds for which workers were there, from their start to their end. */
  workedMs = 0;
  /** The number of times that fewer workers were asked for while a task waited. */
  cutWhileWaiting = 0;
  /** The number of workers that were told to end while they had tasks and the scaler saw none; NaN if it saw all. */
  takenUnseen: number;

  constructor(
    private readonly activity: SimulatedActivity,
    readonly slotsOfWorker: number,
    private readonly isUnseen?: (now: number) => boolean,
  ) {
    this.takenUnseen = isUnseen ? 0 : Number.NaN;
  }

  /** The number of workers that are asked for. */
  get desired(): number {
    return this.#workers.filter(({ draining }) => !draining).length;
  }

  get atWork(): number {
    return this.#workers.reduce((sum, { running }) => sum + running.length, 0);
  }

  ready(now: number): number {
    return this.#workers.filter(({ draining, readyAt }) => !draining && readyAt <= now).length;
  }

  /** Runs this many workers from the start, with these tasks at work. */
  begin(workers: number, tasks: readonly Running[], now: number): void {
    this.#workers = Array.from({ length: workers }, () => new SimulatedWorker(this.slotsOfWorker, now));
    for (const [index, each] of tasks.entries()) this.#workers[index % workers]?.running.push(each);
    for (const worker of this.#workers) if (worker.free > 0) worker.pollSince = now;
  }

  /** Starts workers, or has the idlest drain. */
  setDesired(count: number, now: number): void {
    const before = this.desired;
    for (let i = before; i < count; i++)
      this.#workers.push(new SimulatedWorker(this.slotsOfWorker, now + BOOT_MS));
    if (count >= before) return;
    if (this.activity.queue.length > 0) this.cutWhileWaiting++;
    const idlest = this.#workers
      .filter(({ draining }) => !draining)
      .toSorted((a, b) => a.running.length - b.running.length || b.readyAt - a.readyAt);
    for (const worker of idlest.slice(0, before - count)) {
      worker.draining = true;
      if (worker.running.length > 0 && this.isUnseen?.(now)) this.takenUnseen++;
    }
  }

  /** One second. @returns the tasks that were started in it */
  tick(now: number): SimulatedTask[] {
    for (const worker of this.#workers) this.#end(worker, now);
    this.#workers = this.#workers.filter((worker) => !worker.isGone(now));
    const started = this.#handOut(now);
    for (const worker of this.#workers) {
      if (worker.draining || worker.pollSince === undefined || now - worker.pollSince < HOLD_MS) continue;
      worker.watch.answered('empty', worker.pollSince, now);
      worker.pollSince = now;
    }
    this.workedMs += 1_000 * this.#workers.length;
    return started;
  }

  /** What the workers tell at their health ports. Those that boot do not answer yet. */
  statuses(activityArn: string, now: number): SeenWorker[] {
    return this.#workers
      .filter(({ readyAt }) => readyAt <= now && !this.isUnseen?.(now))
      .map(({ draining, running, slots, watch }) => ({
        state: draining ? 'draining' : 'running',
        handlers: [{ activityArn, concurrency: slots, running: running.length, queue: watch.at(now) }],
      }));
  }

  #end(worker: SimulatedWorker, now: number): void {
    for (let i = worker.running.length - 1; i >= 0; i--) {
      const each = worker.running[i];
      if (!each || each.endsAt > now) continue;
      worker.running.splice(i, 1);
      this.activity.end(each.task, now);
    }
    if (worker.readyAt <= now && worker.free > 0) worker.pollSince ??= now;
  }

  #handOut(now: number): SimulatedTask[] {
    const started: SimulatedTask[] = [];
    while (this.activity.queue.length > 0) {
      const worker = this.#longestPoll();
      const task = worker && this.activity.start(now);
      if (!worker || !task) break;
      worker.watch.answered('task', worker.pollSince, now);
      worker.running.push({ task, endsAt: now + task.runMs });
      worker.pollSince = worker.free > 0 ? now : undefined;
      started.push(task);
    }
    return started;
  }

  #longestPoll(): SimulatedWorker | undefined {
    let longest: SimulatedWorker | undefined;
    for (const worker of this.#workers) {
      if (worker.free === 0 || worker.pollSince === undefined) continue;
      if ((longest?.pollSince ?? Infinity) > worker.pollSince) longest = worker;
    }
    return longest;
  }
}
