import type { Logger } from '../../base/log/log.js';
import type { StoreMonitor } from '../../base/store.js';
import type { Config } from '../../config/config.js';
import type { Clock } from '../../base/time/clock.js';
import { parseDuration } from '../../base/time/duration.js';
import { CheckpointError, type CheckpointOptions } from '../../declare/checkpoint.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { Payloads } from './output/payloads.js';
import { arbiterOf } from './current-task.js';
import type { Constructor } from '../../declare/class.js';
import type { Groups } from '../../declare/dto/dto-shape.js';
import { Refusal } from './outcome/own-errors.js';
import { compileInput } from './input/compile-input.js';

/** The time for which a checkpoint is kept after it was written last, unless `keep` is set. */
const KEEP = '30d';

/** What every store of a worker uses. */
interface StoreTools {
  readonly clock: Clock;
  readonly random: () => number;
  readonly stores: StoreMonitor;
}

/**
 * Makes what handlers need for large inputs and outputs. Returns undefined if the option `payloads` isn't set; the code
 * for it isn't loaded then.
 */
export async function makePayloads(
  options: Config['payloads'],
  tools: StoreTools,
): Promise<Payloads | undefined> {
  if (options === undefined) return undefined;
  const { Payloads: Made } = await import('./output/payloads.js');
  return new Made(options, tools);
}

/**
 * Makes the checkpoints of a handler's tasks. Returns undefined if the option `checkpoint` is off; the code for it isn't
 * loaded then.
 */
export async function makeCheckpoints(
  { name, groups }: HandlerDefinition,
  options: CheckpointOptions | false,
  tools: StoreTools & { readonly log: Logger },
): Promise<Checkpoints | undefined> {
  if (options === false) return undefined;
  const { Checkpoints } = await import('../keep/checkpoints.js');
  const { LimitedStore } = await import('../keep/limited-store.js');
  const { clock, random, log } = tools;
  const parts = {
    handler: name,
    store: new LimitedStore(options.store, 'checkpoint', tools),
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
  return new Checkpoints(parts, log);
}

/**
 * Makes an instance of a class from the JSON of a checkpoint, and validates it by the rules of the class.
 * @throws CheckpointError of kind `unreadable` that names the class and each violation
 */
export async function readSaved(value: unknown, type: Constructor<object>, groups: Groups): Promise<unknown> {
  const input = { kind: 'class', type } as const;
  const validate = compileInput({ input, groups, unknownKeys: 'drop', showValues: false });
  try {
    return await validate(value);
  } catch (error) {
    if (!Refusal.is(error)) throw error;
    const shown = error.violations.slice(0, MOST_SHOWN).map(({ path, message }) => `${path}: ${message}`);
    throw new CheckpointError(
      'unreadable',
      `the saved checkpoint is no valid ${type.name}: ${shown.join('; ')}. Give the class a form that accepts it, or load it with { unreadable: 'ignore' } to start again`,
      { cause: error },
    );
  }
}

const MOST_SHOWN = 10;
