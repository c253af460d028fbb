import { Lifecycle, type DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../declare/task-context.js';
import { disposablesOf, registrations } from './registrations.js';
import { TASK_CONTEXT } from './container.js';

/** Makes and ends the containers of tasks. */
export class TaskScopes {
  readonly #worker: DependencyContainer;
  #template: DependencyContainer | undefined;

  constructor(worker: DependencyContainer) {
    this.#worker = worker;
  }

  /** A container for one task: what is shared comes from the worker's, all else is the task's own. */
  open(context: TaskContext): DependencyContainer {
    this.#template ??= templateOf(this.#worker);
    return this.#template.createChildContainer().register(TASK_CONTEXT, { useValue: context });
  }

  /** Disposes what was made for the task, the youngest first, each once the one before it is done. Never rejects. */
  async close(scope: DependencyContainer, context: TaskContext): Promise<void> {
    for (const each of disposablesOf(scope).toReversed()) {
      try {
        await each.dispose();
      } catch (error) {
        context.log.error({ err: error }, `disposing ${each.constructor.name} failed`);
      }
    }
  }
}

/**
 * Everything shared is made by the worker's container. Left to itself, tsyringe would make a singleton with the
 * dependencies of the first task that asks for it, and end it with that task.
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
