import type { Abortable } from '../../base/abort.js';
import type { DeferOptions } from '../../declare/task-context.js';
import type { Clock } from '../../base/time/clock.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import type { Ask, CheckpointRef } from '../keep/record.js';
import { DeferredTasks } from '../keep/deferred-tasks.js';
import { type LimitedStore, quietly, retried } from '../keep/limited-store.js';
import type { TaskRef } from './task-events.js';

/** The parts of a worker that its phone book uses. */
export interface PhoneBookWorld {
  readonly store: LimitedStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly scopeOf: (activityArn: string) => string;
  readonly ask: Ask;
}

/** Writes the tasks of a worker under the ids with which their handlers have deferred them. */
export class PhoneBook {
  readonly #world: PhoneBookWorld;
  readonly #tasks: DeferredTasks;

  constructor(world: PhoneBookWorld) {
    this.#world = world;
    this.#tasks = new DeferredTasks(world.store);
  }

  /**
   * Writes a task under its id. Repeats that for a minute if the store fails, or until the signal aborts.
   * @throws DeferredIdTaken, StoreError
   */
  open(
    task: TaskRef & DeferOptions & { readonly checkpoint: CheckpointRef | undefined },
    signal: Abortable,
  ): Promise<void> {
    const { clock, scopeOf, ask } = this.#world;
    const written = { ...task, scope: scopeOf(task.activityArn), deferredAt: clock.date() };
    return retried(() => this.#tasks.open(written, ask), { ...this.#world, signal });
  }

  /** Removes a task that has ended while it was written. Never rejects. */
  async drop(id: string, token: string): Promise<void> {
    const found = await quietly(this.#tasks.find(id));
    if (found?.task.token === token) await quietly(this.#tasks.remove(found));
  }

  /**
   * Writes down that its handler has failed a task. Resolves to false if somebody else has completed it before. If the
   * store fails, the service decides.
   */
  async close(id: string, token: string, outcome: Outcome): Promise<boolean> {
    const decided = { outcome, by: 'its handler', at: this.#world.clock.date() };
    for (;;) {
      const found = await quietly(this.#tasks.find(id));
      if (!found || found.task.token !== token) return true;
      if (found.decided) return false;
      const written = await quietly(this.#tasks.decide(found, decided).then((record) => ({ record })));
      if (!written || written.record) return true;
    }
  }

  stop(): void {
    this.#world.store.close();
  }
}
