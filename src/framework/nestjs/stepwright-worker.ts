import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { showEndpoint } from '../aws/endpoint.js';
import { type Problem, StartError } from '../base/errors.js';
import type { Logger } from '../base/log/log.js';
import { systemClock } from '../base/time/clock.js';
import { checkPlan } from '../worker/build/check-plan.js';
import { buildWorker } from '../worker/build/create-worker.js';
import { isLocalService } from '../base/local-protocol.js';
import { makePlan, type Plan } from '../worker/build/plan.js';
import { startWorld } from '../worker/build/start-world.js';
import type { Worker } from '../worker/worker.js';
import {
  configOf,
  nestContainer,
  nestLog,
  STEPWRIGHT_OPTIONS,
  type StepwrightModuleOptions,
} from './nest-application.js';

/** The worker of a Nest application. `StepwrightModule` provides it. */
@Injectable()
export class StepwrightWorker implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log: Logger;
  #start: { readonly worker: Promise<Worker>; readonly cancel: AbortController } | undefined;
  #worker: Worker | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    @Inject(STEPWRIGHT_OPTIONS) private readonly options: StepwrightModuleOptions,
    @Inject(ModuleRef) private readonly nest: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {
    this.#log = options.log ?? nestLog();
  }

  /** The running worker, for its events, its status and `pause`; undefined before the start and after the stop. */
  get worker(): Worker | undefined {
    return this.#worker;
  }

  /**
   * Makes the worker and lets it take tasks. Nest calls this when the application has started, if the option `poll`
   * says so. If the worker is already started, returns that one; if it is being stopped, starts another one after that.
   * @throws StartError with all problems, not only the first
   */
  start(): Promise<Worker> {
    if (this.#stopping) return this.#stopping.then(() => this.start());
    if (this.#start) return this.#start.worker;
    const cancel = new AbortController();
    const worker = this.#run(cancel.signal);
    this.#start = { worker, cancel };
    worker.catch(() => (this.#start = undefined));
    return worker;
  }

  /**
   * Takes no more tasks, and resolves after the last running one has been reported. Nest calls this when the
   * application is closed, before it destroys other modules. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const started = this.#start;
    if (!started) return;
    started.cancel.abort();
    const worker = await started.worker.catch(() => undefined);
    await worker?.stop();
    this.#worker = undefined;
    this.#start = undefined;
  }

  async onApplicationBootstrap(): Promise<void> {
    const roots = this.#modulesNamed('StepwrightModule');
    if (roots > 1) throw new StartError([importedTwice(roots)]);
    const { poll } = this.options;
    if (poll ?? !this.#isTest) await this.start();
    else this.#log.info(poll === false ? NOT_ASKED : TESTED);
  }

  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  /** True in an application that `Test.createTestingModule` has made. Its root module has this name in all versions. */
  get #isTest(): boolean {
    return this.#modulesNamed('RootTestModule') > 0;
  }

  #modulesNamed(name: string): number {
    return [...this.modules.values()].filter(({ metatype }) => metatype.name === name).length;
  }

  async #run(signal: AbortSignal): Promise<Worker> {
    const { module } = this.options;
    const config = configOf(this.options, this.nest);
    if (config.activities.length === 0) throw new StartError([noActivities]);
    const plan = await makePlan({ config, env: process.env, baseDir: process.cwd() });
    const container = nestContainer(this.nest);
    const world = startWorld({ log: this.#log, module, signal, container });
    const worker = await buildWorker(await checkPlan(plan, world));
    this.#worker = worker;
    await this.#announce(plan);
    if (!signal.aborted) {
      const cancelHint = systemClock.after(HOOKS_AFTER_MS, () => this.#hintAtSignals());
      signal.addEventListener('abort', cancelHint, { once: true });
    }
    worker.run().catch((error: unknown) => this.#log.error({ err: error }, 'the worker failed'));
    return worker;
  }

  #hintAtSignals(): void {
    if (process.listenerCount('SIGTERM') === 0) this.#log.warn(NO_HOOKS);
  }

  async #announce({ endpoint, handlers }: Plan): Promise<void> {
    if (!endpoint) return;
    const names = handlers.map(({ definition }) => definition.name).join(', ');
    this.#log.info(`takes the tasks of ${names} at ${showEndpoint(endpoint)}`);
    if (endpoint.kind === 'local' && !(await isLocalService(endpoint.url)))
      this.#log.warn(
        `nothing answers at ${endpoint.url}: start a local service there: node_modules/.bin/stepwright local`,
      );
  }
}

/** An application context can enable its hooks only after `NestFactory` has started it. */
const HOOKS_AFTER_MS = 1_000;

const NO_HOOKS =
  'a SIGTERM would end this process at once, and its running tasks would time out: call app.enableShutdownHooks() in main.ts';
const NOT_ASKED = 'takes no tasks, because of poll: false';
const TESTED = 'takes no tasks, because @nestjs/testing made this application; poll: true makes it take them';

const noActivities: Problem = {
  code: 'NO_ACTIVITIES',
  where: 'StepwrightModule',
  what: 'no provider of this application has @Activity',
  fix: 'list your activity class in the `providers` of a module; for an application that takes no tasks: StepwrightModule.forRoot({ poll: false })',
};

const importedTwice = (count: number): Problem => ({
  code: 'HANDLER_DUPLICATE',
  where: 'StepwrightModule',
  what: `it is imported ${count} times, with different options: each would take the tasks of all activities`,
  fix: 'import StepwrightModule.forRoot once, in the root module',
});

/** A health indicator's result, in the form that `@nestjs/terminus` takes from version 11 on. */
type HealthResult<Key extends string> = Record<
  Key,
  { readonly status: 'up' | 'down'; readonly state: string; readonly reasons: readonly string[] }
>;

/**
 * A health indicator for `@nestjs/terminus`: up while the worker takes tasks, down while it can't. If the worker isn't
 * meant to take any (`poll: false`), it is up.
 */
@Injectable()
export class StepwrightHealthIndicator {
  constructor(@Inject(StepwrightWorker) private readonly stepwright: StepwrightWorker) {}

  /**
   * Returns the worker's health.
   * @param key the name of the result. @default 'stepwright'
   */
  check<Key extends string = 'stepwright'>(key = 'stepwright' as Key): HealthResult<Key> {
    const { state, ready, reasons } = this.#status();
    return { [key]: { status: ready ? 'up' : 'down', state, reasons } } as HealthResult<Key>;
  }

  #status(): { state: string; ready: boolean; reasons: readonly string[] } {
    const { worker } = this.stepwright;
    return worker?.status() ?? { state: 'off', ready: true, reasons: [] };
  }
}
