import '../base/package.js';
export { HandClock } from './harness/hand-clock.js';
export { createTaskContext } from './bed/bed-context.js';
export type { LogEntry } from './bed/bed-log.js';
export type { DeferredTask } from './bed/deferred-task.js';
export type { History } from './bed/history.js';
export { matchers, type StepwrightMatchers } from './matchers/matchers.js';
export { mock } from './mocks/mock.js';
export type { Mock, MockOptions, StandIn } from './mocks/stand-in.js';
export type { Mocker } from './mocks/mock-rest.js';
export type { Replay, ReplayedTask } from './bed/replay.js';
export type { RunningTask } from './bed/running-task.js';
export type { TaskResult } from './bed/bed-port.js';
export { createTestBed, type TestBed } from './bed/test-bed.js';
export type { HandTask } from './machine/hand-task.js';
export type { StateName } from './machine/state-names.js';
export type { TestExecution } from './machine/test-execution.js';
export type { ExecutionResult } from './machine/execution-result.js';
export type {
  Fault,
  StartExecutionOptions,
  HandTaskOptions,
  StartOptions,
  TestBedOptions,
  TestMachineOptions,
} from './harness/options.js';
export type { TemplateMachine } from './machine/template-machine.js';
export { createTestMachine, type TestMachine } from './machine/test-machine.js';
export { memoryStore } from '../worker/keep/memory.js';
