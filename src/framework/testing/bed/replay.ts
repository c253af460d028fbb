import { isDeepStrictEqual } from 'node:util';
import type { HandlerDefinition } from '../../declare/definition.js';
import { readRecordedTasks, type History, type RecordedTask } from './history.js';
import type { TaskResult } from './bed-port.js';

/** A task from a recorded history, and the result of running a handler with the same input now. */
export interface ReplayedTask {
  readonly handler: string;
  /** The id of the event in the history that records the task's result. */
  readonly eventId: number;
  /** The input as JSON text. */
  readonly input: string;
  readonly recorded: TaskResult;
  readonly now: TaskResult;
}

/** The results of running all tasks of a recorded history again. */
export interface Replay {
  readonly tasks: readonly ReplayedTask[];
  /**
   * The tasks whose new result has another status, output or error name than the recorded one. Causes aren't compared.
   */
  readonly differences: readonly ReplayedTask[];
  /** The ARNs of activities in the history for which the test bed has no handler. */
  readonly unhandled: readonly string[];
}

type Run = (json: string, handler: string) => Promise<TaskResult>;

/** Runs a handler with the input of every recorded task, one task after the other. */
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
 * Returns the handler for a recorded activity: the one whose activity has the same ARN or, if there is none, the same
 * name. The history may have been recorded in another account or region.
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
