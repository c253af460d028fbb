import type { DependencyContainer } from 'tsyringe';
import { Lifecycle } from '../../declare/container.js';
import type { TaskContext } from '../../declare/task-context.js';
import { within } from '../../base/time/wait.js';
import { CLOCK, disposablesOf, registrations, TASK_CONTEXT } from './registrations.js';

/** Makes and disposes of containers that each serve one task. */
export class TaskContainers {
  #template: DependencyContainer | undefined;

  constructor(private readonly worker: DependencyContainer) {}

  /**
   * Makes the container of one task. Singletons come from the worker's container; all other instances are made for this
   * task alone.
   */
  open(context: TaskContext): DependencyContainer {
    this.#template ??= templateOf(this.worker);
    return this.#template.createChildContainer().register(TASK_CONTEXT, { useValue: context });
  }

  /**
   * Disposes of the instances that were made for a task, one after another, beginning with the newest. If one takes
   * longer than 5 s, logs that and goes on to the next. Never rejects.
   */
  async close(container: DependencyContainer, { log }: TaskContext): Promise<void> {
    for (const each of disposablesOf(container).toReversed()) {
      const { name } = each.constructor;
      const done = disposed(each).catch((error: unknown) =>
        log.error({ err: error }, `disposing ${name} failed`),
      );
      const inTime = await within(this.worker.resolve(CLOCK), DISPOSE_LIMIT_MS, done);
      if (!inTime)
        log.error(
          `disposing ${name} has not ended in ${DISPOSE_LIMIT_MS / 1000} s; the worker continues without it`,
        );
    }
  }
}

/**
 * The longest time that one `dispose()` may take after the handler has ended. Until all are done, the task still counts
 * for the handler's limit of tasks at once (it uses a slot).
 */
const DISPOSE_LIMIT_MS = 5_000;

/** Calls `dispose` and waits for it. If `dispose` throws synchronously, this rejects too. */
async function disposed(each: { dispose(): unknown }): Promise<void> {
  await each.dispose();
}

/**
 * Makes a container that gets its singletons from the worker's container. tsyringe's own child containers would make a
 * singleton with the dependencies of the first task that needs it, and dispose of it when that task ends.
 */
function templateOf(worker: DependencyContainer): DependencyContainer {
  const template = worker.createChildContainer();
  for (const [token, list] of registrations(worker)) {
    if (!list.some(({ options }) => options.lifecycle === Lifecycle.Singleton)) continue;
    for (const index of list.keys()) {
      template.register(token, { useFactory: () => worker.resolveAll(token)[index] });
    }
  }
  return template;
}
