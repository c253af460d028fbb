import { type DynamicModule, Global, Inject, Module } from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { DrainModule } from './drain.module.js';
import { StepwrightHealthIndicator } from './health-indicator.js';
import { ConfigurableModuleClass, type StepwrightModuleOptions } from './module-options.js';
import { StepwrightCompletions } from './stepwright-completions.js';
import { StepwrightWorker } from './stepwright-worker.js';

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
