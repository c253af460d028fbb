import type { Logger } from '../../base/log/log.js';
import type { StoreTroubles } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import { parseDuration } from '../../base/time/duration.js';
import type { CheckpointOptions } from '../../declare/checkpoint.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import type { TaskContext } from '../../declare/task-context.js';
import { arbiterOf } from './context/current-task.js';
import { readSaved } from './input/read-saved.js';

/** The time for which a checkpoint is kept after it was written last, unless `keep` is set. */
export const KEEP = '30d';

/** The parts of a worker that its checkpoints use. */
interface CheckpointsParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly stores: StoreTroubles;
}

/**
 * Makes the checkpoints of a handler's tasks. Returns undefined if the option `checkpoint` is off; the code for it isn't
 * loaded then.
 */
export async function makeCheckpoints(
  { name, groups }: HandlerDefinition,
  options: CheckpointOptions | false,
  { clock, random, log, stores }: CheckpointsParts,
): Promise<Checkpoints | undefined> {
  if (options === false) return undefined;
  const { Checkpoints } = await import('../keep/checkpoints.js');
  const { LimitedStore } = await import('../keep/limited-store.js');
  const store = new LimitedStore(options.store, { clock, trouble: stores.of('checkpoint') });
  const world = {
    handler: name,
    store,
    keyOf: (input: unknown) => options.key(input),
    keepMs: parseDuration(options.keep ?? KEEP) ?? 0,
    clock,
    random,
    ask: (task: TaskContext) => {
      const { ask, scope } = arbiterOf(task);
      const { token, activityArn } = task;
      return ask({ token, activityArn, scope });
    },
    read: (value: unknown, type: Parameters<typeof readSaved>[1]) => readSaved(value, type, groups),
  };
  return new Checkpoints(world, log);
}
