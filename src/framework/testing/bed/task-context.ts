import { systemClock } from '../../base/time/clock.js';
import { readSaved } from '../../worker/handler/task-stores.js';
import { TaskCheckpoint } from '../../worker/keep/checkpoints.js';
import { memoryStore } from '../../worker/keep/memory.js';
import { readPause } from '../../worker/task/context.js';
import { readDeferOptions } from '../../worker/task/deferral.js';
import { Deferral, type TaskContext } from '../../declare/task-context.js';
import { silentLog } from '../../base/log/log.js';

const TOKEN = 'test-bed';
const RECEIVED_AT = new Date('2026-01-01T00:00:00.000Z');
const heartbeat = (): Promise<void> => Promise.resolve();
const progress = (): void => {};
const pauseHandler: TaskContext['pauseHandler'] = (duration, reason) => void readPause(duration, reason);

/**
 * Creates a task context for a test that calls a handler's method directly, without a test bed. Its signals never
 * abort, its heartbeats always succeed, and its checkpoint is in memory.
 */
export function createTaskContext(overrides: Partial<TaskContext> = {}): TaskContext {
  const checkpoint = new TaskCheckpoint({
    handler: 'Class.method',
    store: memoryStore(),
    keyOf: () => 'test-bed',
    keepMs: Number.POSITIVE_INFINITY,
    clock: systemClock,
    random: Math.random,
    ask: () => Promise.resolve('wanted'),
    read: (value, type) => readSaved(value, type, []),
  });
  const context: TaskContext = {
    signal: overrides.signal ?? new AbortController().signal,
    shuttingDown: overrides.shuttingDown ?? new AbortController().signal,
    heartbeat,
    progress,
    pauseHandler,
    checkpoint,
    defer: async (options) => new Deferral(overrides.token ?? TOKEN, readDeferOptions(options)?.id),
    log: silentLog,
    handler: 'Class.method',
    activityArn: 'arn:aws:states:us-east-1:123456789012:activity:Activity',
    workerName: 'test-bed',
    token: TOKEN,
    rawInput: '{}',
    receivedAt: RECEIVED_AT,
    ...overrides,
  };
  checkpoint.begin(context, undefined);
  return context;
}
