import { createHash } from 'node:crypto';
import type { HandlerDefinition } from '../declare/definition.js';
import type { TaskContext } from '../declare/task-context.js';
import type { Logger } from '../log.js';

/** The ARN of a handler's activity; of a bare name one that looks like it. */
export function activityArnOf({ activity }: HandlerDefinition): string {
  if (activity.kind === 'arn') return activity.arn;
  return `arn:aws:states:us-east-1:123456789012:activity:${activity.name}`;
}

/** What a context is made of. */
export interface ContextRecipe {
  readonly definition: HandlerDefinition;
  readonly json: string;
  readonly token: string;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/** The context of a task that nothing happens to: nobody aborts it, and its heartbeats are always taken. */
export function bedContext({ definition, json, token, log, receivedAt }: ContextRecipe): TaskContext {
  const activityArn = activityArnOf(definition);
  const task = createHash('sha256').update(token).digest('hex').slice(0, 8);
  return {
    signal: new AbortController().signal,
    shuttingDown: new AbortController().signal,
    heartbeat: () => Promise.resolve(),
    log: log.child({ handler: definition.name, activity: activityArn, task }),
    handler: definition.name,
    activityArn,
    workerName: 'test-bed',
    token,
    rawInput: json,
    receivedAt: new Date(receivedAt),
  };
}
