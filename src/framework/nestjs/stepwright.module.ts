import { type DynamicModule, Global, Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, ModuleRef, ModulesContainer } from '@nestjs/core';
import { StepwrightHealthIndicator, StepwrightWorker } from './stepwright-worker.js';
import { ConfigurableModuleClass, type StepwrightModuleOptions } from './nest-application.js';
import { StepwrightCompletions } from './stepwright-completions.js';

/** Stops the worker when Nest destroys its module. */
@Injectable()
class WorkerDrain implements OnModuleDestroy {
  constructor(@Inject(ModuleRef) private readonly nest: ModuleRef) {}

  async onModuleDestroy(): Promise<void> {
    await this.nest.get(StepwrightWorker, { strict: false }).stop();
  }
}

/**
 * Drains the worker before Nest 10 destroys any other module. Nest 10 starts and destroys modules in the same order, so
 * that no module can be the last to start and the first to be destroyed. This one is the first of both, and starts
 * nothing. From Nest 11 on the worker has been stopped already when this module is destroyed.
 */
@Module({ providers: [WorkerDrain] })
class DrainModule {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const module of modules.values())
      if (module.metatype === DrainModule) module.distance = Number.MAX_VALUE;
  }
}

/**
 * Runs a worker inside of a Nest application. Its activities are all providers with `@Activity`, of any module. It
 * takes tasks from `onApplicationBootstrap` on, and finishes them when the application is closed, before any
 * other module is destroyed.
 */
@Global()
@Module({
  imports: [DiscoveryModule, DrainModule],
  providers: [StepwrightWorker, StepwrightCompletions, StepwrightHealthIndicator],
  exports: [StepwrightWorker, StepwrightCompletions, StepwrightHealthIndicator],
})
export class StepwrightModule extends ConfigurableModuleClass {
  static override forRoot(options: StepwrightModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    super();
    // Nest starts the modules in the order of their distance from the root, the most distant first, and since Nest 11
    // destroys them in reverse. This one is started last and destroyed first, as running tasks may need any other. In Nest
    // 10 `DrainModule` is destroyed first.
    for (const module of modules.values()) if (module.metatype === StepwrightModule) module.distance = -1;
  }
}
