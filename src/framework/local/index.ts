export { startLocalService } from './local-service.js';
export type { ConsoleOptions } from './console/console.js';
export type { ConsoleWorker } from './console/topics/worker-list.js';
export type { LocalService, LocalServiceOptions, SeedMachine } from './local-service.js';
export type { Fault, FaultCall, FaultError, FaultHook } from './api/injected-faults.js';
export { activityTasks, compileMachine, DefinitionError } from './asl/machine.js';
export { didYouMean, nearest, type DefinitionProblem } from './asl/definition/reader.js';
export type { Mock, MockAnswer, MockCall, MockFunction, Mocks } from './resources/mocks.js';
export type { ActivityTask } from './asl/states/state.js';
