import { systemClock } from '../../base/time/clock.js';
import { readSaved } from '../../worker/handler/make-checkpoints.js';
import { TaskCheckpoint } from '../../worker/keep/checkpoints.js';
import { memoryStore } from '../../worker/keep/memory.js';
import { readPause, type TaskSignals, taskContext } from '../../worker/task/context.js';
import { readDeferOptions } from '../../worker/task/deferral.js';
import { type Checkpoint, NO_CHECKPOINT } from '../../declare/checkpoint.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { Deferral, type TaskContext } from '../../declare/task-context.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import { tokenHash } from '../../base/show.js';

/**
 * Returns the ARN of a handler's activity. If the handler declares only the activity's name, returns an invented ARN
 * with that name.
 */
export function activityArnOf({ activity }: HandlerDefinition): string {
  if (activity.kind === 'arn') return activity.arn;
  return `arn:aws:states:us-east-1:123456789012:activity:${activity.name}`;
}

/** The values from which the context of a task in a test bed is made. */
export interface ContextRecipe {
  readonly definition: HandlerDefinition;
  readonly json: string;
  readonly token: string;
  readonly log: Logger;
  /** The value of `TaskContext.receivedAt`, in epoch milliseconds. */
  readonly receivedAt: number;
  readonly signals: TaskSignals;
  readonly defer: TaskContext['defer'];
  /** @default none: the handler's option `checkpoint` is off */
  readonly checkpoint?: Checkpoint | undefined;
}

/** Creates the context (the object injected as `TASK_CONTEXT`) of a task in a test bed. */
export function bedContext(recipe: ContextRecipe): TaskContext {
  const { definition, json, token, receivedAt, signals, defer } = recipe;
  const handler = definition.name;
  const activityArn = activityArnOf(definition);
  let log: Logger | undefined;
  return taskContext(
    {
      ...{ heartbeat, progress, pauseHandler, defer, handler, activityArn, token },
      checkpoint: recipe.checkpoint ?? NO_CHECKPOINT,
      workerName: 'test-bed',
      rawInput: json,
      receivedAt: new Date(receivedAt),
    },
    {
      signal: () => signals.signal,
      shuttingDown: () => signals.shuttingDown,
      log: () => (log ??= recipe.log.child({ handler, activity: activityArn, task: tokenHash(token) })),
    },
  );
}

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
    ...{ heartbeat, progress, pauseHandler, checkpoint },
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
