export { startLocalService } from './local-service.js';
export type { ConsoleOptions } from './console/console.js';
export type { ConsoleWorker } from './console/workers.js';
export type { LocalService, LocalServiceOptions, SeedMachine } from './local-service.js';
export type { Fault, FaultCall, FaultError, FaultHook } from './wire/injected-faults.js';
export { activityTasks, compileMachine, DefinitionError } from './asl/definition/machine.js';
export { didYouMean, nearest, type DefinitionProblem } from './asl/definition/reader.js';
export type { Mock, MockAnswer, MockCall, MockFunction, Mocks } from './mocks/mocks.js';
export type { ActivityTask } from './asl/definition/state.js';
