export { startLocalService } from './local-service.js';
export type { LocalService, LocalServiceOptions, SeedMachine } from './local-service.js';
export type { Fault, FaultCall, FaultError, FaultHook } from './faults.js';
export { activityTasks, DefinitionError } from './asl/machine.js';
export type { Mock, MockAnswer, MockCall, MockFunction, Mocks } from './asl/mock.js';
export type { ActivityTask } from './asl/state.js';
