import { isDeepStrictEqual } from 'node:util';
import type { HandlerDefinition } from '../../declare/definition.js';
import { readRecordedTasks, type History, type RecordedTask } from './history.js';
import type { TaskResult } from './bed-port.js';

/** A recorded task, and the result of running its input again. */
export interface ReplayedTask {
  readonly handler: string;
  /** The id of the event that ended the recorded task. */
  readonly eventId: number;
  /** The input as JSON text. */
  readonly input: string;
  readonly recorded: TaskResult;
  readonly now: TaskResult;
}

/** The results of running all tasks of a history again. */
export interface Replay {
  readonly tasks: readonly ReplayedTask[];
  /**
   * The tasks whose result differs from the recorded one in its status, output or error name. Differences of causes are
   * ignored.
   */
  readonly differences: readonly ReplayedTask[];
  /** The ARNs of recorded activities for which the bed has no handler. */
  readonly unhandled: readonly string[];
}

type Run = (json: string, handler: string) => Promise<TaskResult>;

/** Runs the input of every recorded task through its handler, one task after the other. */
export async function replay(
  source: string | History,
  handlers: readonly HandlerDefinition[],
  run: Run,
): Promise<Replay> {
  const tasks: ReplayedTask[] = [];
  const unhandled = new Set<string>();
  for (const { activity, input, result, eventId } of await readRecordedTasks(source)) {
    const handler = handlerOf(activity, handlers)?.name;
    if (handler === undefined) unhandled.add(activity);
    else tasks.push({ handler, eventId, input, recorded: result, now: await run(input, handler) });
  }
  const differences = tasks.filter(({ recorded, now }) => !isSame(recorded, now));
  return { tasks, differences, unhandled: [...unhandled] };
}

/**
 * Returns the handler whose activity has the ARN. If there is none, returns the handler whose activity has the same
 * name, since the account or region of the recording may differ.
 */
function handlerOf(arn: RecordedTask['activity'], handlers: readonly HandlerDefinition[]) {
  const name = arn.split(':').at(-1);
  return (
    handlers.find(({ activity }) => activity.kind === 'arn' && activity.arn === arn) ??
    handlers.find(({ activity }) => activity.name === name)
  );
}

function isSame(recorded: TaskResult, now: TaskResult): boolean {
  if (recorded.status === 'succeeded' && now.status === 'succeeded') {
    return isDeepStrictEqual(recorded.output, now.output);
  }
  return recorded.status === 'failed' && now.status === 'failed' && recorded.error === now.error;
}
