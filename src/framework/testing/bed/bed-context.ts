import type { HandlerDefinition } from '../../declare/definition.js';
import type { TaskContext } from '../../declare/task-context.js';
import { silentLog, type Logger } from '../../base/log/log.js';
import { tokenHash } from '../../base/token-hash.js';

/** The ARN of a handler's activity; of a bare name one that looks like it. */
export function activityArnOf({ activity }: HandlerDefinition): string {
  if (activity.kind === 'arn') return activity.arn;
  return `arn:aws:states:us-east-1:123456789012:activity:${activity.name}`;
}

/** What a bed's context is made of. */
export interface ContextRecipe {
  readonly definition: HandlerDefinition;
  readonly json: string;
  readonly token: string;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/** The context of a task of a bed. */
export function bedContext({ definition, json, token, log, receivedAt }: ContextRecipe): TaskContext {
  const activityArn = activityArnOf(definition);
  return createTaskContext({
    log: log.child({ handler: definition.name, activity: activityArn, task: tokenHash(token) }),
    handler: definition.name,
    activityArn,
    token,
    rawInput: json,
    receivedAt: new Date(receivedAt),
  });
}

/**
 * A context for a handler that is called without a bed. Nothing happens to it: nobody aborts its signals, and its
 * heartbeats are always taken.
 */
export function createTaskContext(overrides: Partial<TaskContext> = {}): TaskContext {
  return {
    signal: new AbortController().signal,
    shuttingDown: new AbortController().signal,
    heartbeat: () => Promise.resolve(),
    progress: () => {},
    log: silentLog,
    handler: 'Class.method',
    activityArn: 'arn:aws:states:us-east-1:123456789012:activity:Activity',
    workerName: 'test-bed',
    token: 'test-bed',
    rawInput: '{}',
    receivedAt: new Date('2026-01-01T00:00:00.000Z'),
    ...overrides,
  };
}
