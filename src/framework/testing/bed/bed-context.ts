import { readPause } from '../../worker/task/pause-request.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { TaskContext } from '../../declare/task-context.js';
import { deferralOf } from '../../worker/handler/context/defer.js';
import type { TaskSignals } from '../../worker/handler/context/task-signals.js';
import { taskContext } from '../../worker/task/context.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import { tokenHash } from '../../base/token-hash.js';

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
  /** Returns the time by which `task.defer` counts, in epoch milliseconds. */
  readonly now: () => number;
}

/** Creates the context (the object injected as `TASK_CONTEXT`) of a task in a test bed. */
export function bedContext(recipe: ContextRecipe): TaskContext {
  const { definition, json, token, receivedAt, signals, now } = recipe;
  const handler = definition.name;
  const activityArn = activityArnOf(definition);
  let log: Logger | undefined;
  return taskContext(
    {
      ...{ heartbeat, progress, pauseHandler, handler, activityArn, token },
      defer: (options) => deferralOf(token, options, now()),
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
 * abort, and its heartbeats always succeed.
 */
export function createTaskContext(overrides: Partial<TaskContext> = {}): TaskContext {
  return {
    signal: overrides.signal ?? new AbortController().signal,
    shuttingDown: overrides.shuttingDown ?? new AbortController().signal,
    ...{ heartbeat, progress, pauseHandler },
    defer: (options) => deferralOf(overrides.token ?? TOKEN, options, RECEIVED_AT.getTime()),
    log: silentLog,
    handler: 'Class.method',
    activityArn: 'arn:aws:states:us-east-1:123456789012:activity:Activity',
    workerName: 'test-bed',
    token: TOKEN,
    rawInput: '{}',
    receivedAt: RECEIVED_AT,
    ...overrides,
  };
}
