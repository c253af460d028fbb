export { HandClock } from '../clock.js';
export type { LogEntry } from './bed-log.js';
export type { Mock } from './mock.js';
export type { Mocker } from './mock-rest.js';
export type { RunningTask, StartOptions } from './running-task.js';
export type { TaskResult } from './task-result.js';
export { createTestBed, type TestBed, type TestBedOptions } from './test-bed.js';
