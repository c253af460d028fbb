import 'reflect-metadata';

export { Activity, ErrorName, Handle } from './declare/decorators.js';
export { ActivityFailure } from './declare/activity-failure.js';
export { type AbortKind, TaskAborted, type TaskContext } from './declare/task-context.js';
export type { Constructor, HandlerOptions } from './declare/definition.js';
export type { InterceptedTask, Interceptor } from './declare/interceptor.js';
export { type Config, defineConfig } from './config.js';
export { createWorker, type WorkerOptions } from './worker/create-worker.js';
export type { Worker } from './worker/worker.js';
export type { EventName, Listener, PollRef, WorkerEvents, WorkerState } from './worker/events.js';
export type { HandlerStatus, TaskStatus, WorkerCounts, WorkerStatus } from './worker/status.js';
export type { TaskRef } from './task/events.js';
export type { Outcome } from './handler/outcome.js';
export { type Problem, type ProblemCode, StartError } from './errors.js';
export { createLog, type Logger, type LogOptions } from './log.js';
export { type Cancel, type Clock, systemClock } from './clock.js';
