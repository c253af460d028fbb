import { Lifecycle, type DependencyContainer } from 'tsyringe';
import type { TaskContext } from '../../../declare/task-context.js';
import { within } from '../../../base/time/wait.js';
import { disposablesOf, registrations } from './registrations.js';
import { CLOCK, TASK_CONTEXT } from './tokens.js';

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

  /**
   * Disposes what was made for the task, the youngest first, each once the one before it is done, or was given up after
   * 5 s. Never rejects.
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

/** How long the slot of a task that is over waits for one `dispose()`. */
const DISPOSE_LIMIT_MS = 5_000;

/** Also where it throws at once. */
async function disposed(each: { dispose(): unknown }): Promise<void> {
  await each.dispose();
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
