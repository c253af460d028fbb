import { Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { StepwrightWorker } from './stepwright-worker.js';

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
export class DrainModule {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const module of modules.values())
      if (module.metatype === DrainModule) module.distance = Number.MAX_VALUE;
  }
}
