import './base/package.js';
import 'reflect-metadata';

export { Activity, ErrorName, Handle } from './declare/decorators.js';
export { ActivityFailure } from './declare/activity-failure.js';
export { type Deferral, DeferredIdTaken, type DeferOptions } from './declare/task-context.js';
export {
  type Checkpoint,
  CheckpointError,
  type CheckpointErrorKind,
  type CheckpointOptions,
  type SavedProgress,
} from './declare/checkpoint.js';
export { type AbortKind, TaskAborted, type TaskContext } from './declare/task-context.js';
export type { Constructor } from './declare/class.js';
export type { Container } from './declare/container.js';
export type { HandlerOptions } from './declare/handler-options.js';
export type { InterceptedTask, Interceptor } from './declare/interceptor.js';
export { type Config, defineConfig } from './config/config.js';
export { type CompletionsOptions, createCompletions } from './worker/build/create-completions.js';
export type {
  CompletedTask,
  Completion,
  CompletionOptions,
  Completions,
  TaskByToken,
  WaitingTask,
} from './worker/task/completions.js';
export type { DeferredSettings } from './config/store-options.js';
export { createWorker } from './worker/build/create-worker.js';
export type { WorkerOptions } from './worker/build/start-world.js';
export type { Worker } from './worker/worker.js';
export type {
  EventName,
  HandlerRef,
  Listener,
  ObservedWorker,
  Observer,
  TaskProgress,
  TaskRef,
  WorkerEvents,
} from './declare/worker-events.js';
export type { Carrier, ReadCarrier, TraceContext } from './config/config.js';
export type { WorkerCounts, WorkerState } from './base/worker-status.js';
export type { HandlerStatus, TaskStatus, WorkerStatus } from './base/worker-status.js';
export { runCommand } from './worker/pool/commands/run-command.js';
export { CommandFailed } from './worker/pool/program-exit.js';
export type { CommandOptions } from './worker/pool/commands/options.js';
export { currentTask } from './worker/handler/current-task.js';
export { CLOCK, RANDOM, TASK_CONTEXT } from './worker/container/registrations.js';
export { CircuitBreaker, type CircuitBreakerOptions } from './worker/handler/interceptors/circuit-breaker.js';
export { Idempotent, type IdempotentOptions } from './worker/handler/interceptors/idempotent.js';
export { Retry, type RetryOptions } from './worker/handler/interceptors/retry.js';
export type { Outcome } from './declare/outcome.js';
export { type Problem, type ProblemCode, StartError } from './base/errors.js';
export { createLog, type Logger, type LogOptions } from './base/log/log.js';
export { type Cancel, type Clock, systemClock } from './base/time/clock.js';
export { StoreError, type StoreErrorKind } from './base/store.js';
export { directory, type DirectoryOptions } from './worker/keep/directory.js';
export type { KeyPage, Store, Stored, StoreOptions } from './base/store.js';
