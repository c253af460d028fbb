import { Lifecycle, type DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../declare/task-context.js';
import { within } from '../../base/time/wait.js';
import { disposablesOf, registrations } from './registrations.js';
import { CLOCK, TASK_CONTEXT } from './tokens.js';

/** Makes and disposes of the containers of single tasks. */
export class TaskScopes {
  readonly #worker: DependencyContainer;
  #template: DependencyContainer | undefined;

  constructor(worker: DependencyContainer) {
    this.#worker = worker;
  }

  /**
   * Makes the container of one task. Singletons come from the worker's container; every other instance is the task's
   * own.
   */
  open(context: TaskContext): DependencyContainer {
    this.#template ??= templateOf(this.#worker);
    return this.#template.createChildContainer().register(TASK_CONTEXT, { useValue: context });
  }

  /**
   * Disposes of the instances that were made for a task, one after the other, the youngest first. An instance that
   * takes longer than 5 s is logged and no longer waited for. Never rejects.
   */
  async close(scope: DependencyContainer, { log }: TaskContext): Promise<void> {
    for (const each of disposablesOf(scope).toReversed()) {
      const { name } = each.constructor;
      const done = disposed(each).catch((error: unknown) =>
        log.error({ err: error }, `disposing ${name} failed`),
      );
      const inTime = await within(this.#worker.resolve(CLOCK), DISPOSE_LIMIT_MS, done);
      if (!inTime)
        log.error(
          `disposing ${name} has not ended in ${DISPOSE_LIMIT_MS / 1000} s; the worker goes on without it`,
        );
    }
  }
}

/** The longest that one `dispose()` may keep the slot of a task whose handler has settled. */
const DISPOSE_LIMIT_MS = 5_000;

/** Calls `dispose` and waits for it. Rejects also where `dispose` throws synchronously. */
async function disposed(each: { dispose(): unknown }): Promise<void> {
  await each.dispose();
}

/**
 * Makes a container whose singletons are resolved by the worker's container. tsyringe by itself would make a singleton
 * with the dependencies of the first task that asks for it, and dispose of it with that task.
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
