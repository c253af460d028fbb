import '../base/package.js';
export { HandClock } from './harness/hand-clock.js';
export { createTaskContext } from './bed/task-context.js';
export type { LogEntry } from './bed/running-task.js';
export type { DeferredTask } from './bed/task-result.js';
export type { History } from './bed/replay.js';
export { matchers, type StepwrightMatchers } from './matchers.js';
export { mock } from './mocks/mock.js';
export type { Mock, MockOptions, StandIn } from './mocks/stand-in.js';
export type { Mocker } from './mocks/mock-rest.js';
export type { Replay, ReplayedTask } from './bed/replay.js';
export type { RunningTask } from './bed/running-task.js';
export type { TaskResult } from './bed/task-result.js';
export { createTestBed, type TestBed } from './bed/test-bed.js';
export type { HandTask } from './machine/hand-tasks.js';
export type { StateName } from './machine/machine-states.js';
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
