import { createHash } from 'node:crypto';
import type { HandlerDefinition } from '../declare/definition.js';
import type { TaskContext } from '../declare/task-context.js';
import type { Logger } from '../log.js';

/** Where a bed's time stands. */
const RECEIVED_AT = '2026-01-01T00:00:00.000Z';

/** The context of a task that nothing happens to: nobody aborts it, and its heartbeats are always taken. */
export function bedContext(
  definition: HandlerDefinition,
  rawInput: string,
  run: number,
  log: Logger,
): TaskContext {
  const { activity, name } = definition;
  const activityArn =
    activity.kind === 'arn'
      ? activity.arn
      : `arn:aws:states:us-east-1:123456789012:activity:${activity.name}`;
  const token = `test-bed-${run}`;
  const task = createHash('sha256').update(token).digest('hex').slice(0, 8);
  return {
    signal: new AbortController().signal,
    shuttingDown: new AbortController().signal,
    heartbeat: () => Promise.resolve(),
    log: log.child({ handler: name, activity: activityArn, task }),
    handler: name,
    activityArn,
    workerName: 'test-bed',
    token,
    rawInput,
    receivedAt: new Date(RECEIVED_AT),
  };
}
