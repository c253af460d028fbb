import type { Cancel, Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import type { ProtectionStatus } from '../../base/worker-status.js';
import type { Protection } from '../../worker/protect/protection.js';
import type { PlanSummary } from './plan-summary.js';
import { SILENT_MS, type Supervisor } from './supervisor.js';

const TICK_MS = 1_000;

/**
 * Asks the platform (ECS or Kubernetes) not to stop the container while one of the tasks of a set of processes has been
 * running for long. The supervising process does that for all of them, since they run in the same container.
 */
export class SetProtection {
  readonly #set: Supervisor;
  readonly #clock: Clock;
  readonly #log: Logger;
  #protection: Protection | undefined;
  #cancel: Cancel | undefined;

  constructor(set: Supervisor, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#set = set;
    this.#clock = clock;
    this.#log = log;
  }

  get status(): ProtectionStatus | undefined {
    return this.#protection?.status;
  }

  /**
   * Starts to watch the set's tasks and to request protection, if the option `protect` is set. Only the first call does
   * anything.
   */
  async follow(plan: PlanSummary): Promise<void> {
    if (plan.protect === false || this.#cancel) return;
    const [clock, log] = [this.#clock, this.#log];
    this.#cancel = clock.every(TICK_MS, () => this.#protection?.tick(oldestTask(this.#set, clock)));
    const { makeProtection } = await import('../../worker/protect/make-protection.js');
    const { protectionLog } = await import('../../worker/protect/protection-log.js');
    const world = { clock, log, random: Math.random, env: process.env };
    this.#protection = makeProtection(plan, world);
    this.#protection?.follow(protectionLog(this.#protection.status.platform, log));
  }

  async close(): Promise<void> {
    this.#cancel?.();
    await this.#protection?.close();
  }
}

/**
 * Returns the time at which the oldest running task of all processes was received, in epoch milliseconds; undefined if
 * no task runs. A task counts as running until its result is reported. If a process has sent no message for a while, a
 * task must be blocking its main thread, so it counts as having a task since its last message.
 */
export function oldestTask(set: Pick<Supervisor, 'workers' | 'silentMs'>, clock: Clock): number | undefined {
  const all = [...set.workers.processes].flatMap((worker) => {
    const silent = set.silentMs(worker);
    const heardAt = clock.now() - silent;
    const oldest = worker.status?.tasks.find(({ phase }) => phase === 'handling' || phase === 'reporting');
    if (oldest) return heardAt - oldest.ageMs;
    return worker.status && silent > SILENT_MS ? heardAt : [];
  });
  return all.length > 0 ? Math.min(...all) : undefined;
}
