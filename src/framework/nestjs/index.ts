import '../base/package.js';
export { StepwrightModule } from './stepwright.module.js';
export {
  nestContainer,
  type NestInstances,
  STEPWRIGHT_OPTIONS,
  type StepwrightModuleOptions,
} from './nest-application.js';
export { StepwrightHealthIndicator, StepwrightWorker } from './stepwright-worker.js';
export { StepwrightCompletions } from './stepwright-completions.js';
