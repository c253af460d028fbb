import '../base/version.js';
export { StepwrightModule } from './stepwright.module.js';
export { STEPWRIGHT_OPTIONS, type StepwrightModuleOptions } from './module-options.js';
export { StepwrightWorker } from './stepwright-worker.js';
export { StepwrightCompletions } from './stepwright-completions.js';
export { StepwrightHealthIndicator } from './stepwright-worker.js';
export { nestContainer, type NestInstances } from './module-options.js';
