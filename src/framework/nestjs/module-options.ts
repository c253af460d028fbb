import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Logger } from '../base/log/log.js';
import type { Config } from '../config/config.js';

/** The options of `StepwrightModule.forRoot`: those of a worker, except what Nest provides. */
export interface StepwrightModuleOptions extends Omit<
  Config,
  'activities' | 'machines' | 'mocks' | 'keptExecutions' | 'keptBytes' | 'setup'
> {
  /**
   * Takes tasks once the application has started. With `false` it takes none until `StepwrightWorker.start()` is
   * called. @default true, and false in an application that `@nestjs/testing` has made
   */
  readonly poll?: boolean;
  /** Receives the worker's log lines. @default Nest's logger */
  readonly log?: Logger;
  /**
   * The URL of a module whose default export is a config with `setup`. Required if a handler has `run: 'thread'` or
   * `'process'`, where there is no Nest application. @default none
   */
  readonly module?: string | URL;
}

/** The injection token of the module's options. A test can override them. */
export const STEPWRIGHT_OPTIONS = Symbol.for('stepwright:nestjs-options');

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<StepwrightModuleOptions>({
  optionsInjectionToken: STEPWRIGHT_OPTIONS,
})
  .setClassMethodName('forRoot')
  .build();
