export { HandClock } from '../clock.js';
export type { Mock } from './mock.js';
export { createTestBed, type TaskResult, type TestBed, type TestBedOptions } from './test-bed.js';
