import { effect, signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { OpenTaskRow, TakenTask } from '../../../framework/local/console/api.js';
import { type CallError, command, query } from '../../service/calls.js';
import { detailsOf } from '../../../framework/local/view/history-event.js';
import { restarts } from '../../service/stream.js';

/** The task that the page's user has taken. */
export interface OwnTask extends TakenTask {
  /** Undefined if a `.waitForTaskToken` state gave out the token. */
  readonly activityArn: string | undefined;
}

/** The task that the page's user has taken; undefined while there is none. */
export const takenTask = signal<OwnTask | undefined>(undefined);
effect(() => {
  if (restarts.value > 0) takenTask.value = undefined;
});

/** A task that an execution has scheduled, by the id of the event that says so. */
export interface ScheduledTask {
  readonly execution: string;
  readonly scheduledId: number;
}

/**
 * Takes a queued task of an activity, like a worker: the oldest, or the one that is given. The user must then send its
 * result.
 * @throws CallError; Error if no such task is queued
 */
export async function takeTask(activityArn: string, wanted?: ScheduledTask): Promise<void> {
  const taken = await command('TakeTask', { activityArn, ...wanted });
  if (taken.taskToken === undefined) throw new Error('Nothing is queued any more: somebody was faster.');
  takenTask.value = { ...taken, activityArn };
}

/**
 * Goes on with a task whose token was given out: one that a person has taken, in this tab or another, one that a worker
 * has deferred, or one of a `.waitForTaskToken` state.
 * @throws CallError; Error if it has ended, or can't be told from others
 */
export async function goOnWith({ execution, scheduledId }: ScheduledTask): Promise<void> {
  const { tasks } = await query('openTasks', { execution });
  const task =
    tasks.find((each) => each.scheduledId === scheduledId) ??
    (await callbackOf(
      tasks.filter((each) => each.scheduledId === undefined),
      { execution, scheduledId },
    ));
  if (!task) throw new Error('The task has ended.');
  takenTask.value = { ...task, execution };
}

/** Returns the task of a `.waitForTaskToken` state: the one whose token was sent to the service that was called. */
async function callbackOf(
  tasks: readonly OpenTaskRow[],
  { execution, scheduledId }: ScheduledTask,
): Promise<OpenTaskRow | undefined> {
  const details = detailsOf(await query('event', { execution, id: String(scheduledId) }));
  const parameters = String(details?.['parameters']);
  return tasks.find(({ taskToken }) => parameters.includes(taskToken));
}

export const leaveTask = (): void => {
  takenTask.value = undefined;
};

/**
 * The interval of heartbeats, in milliseconds, for a task that has no HeartbeatSeconds. They are sent because a
 * rejected heartbeat shows that the task has ended.
 */
const CHECK_EVERY_MS = 10_000;

/**
 * Sends heartbeats for a task as long as the page shows it.
 * @returns the reason why the task has ended; undefined until then
 */
export function useHeartbeats({ taskToken, heartbeatSeconds }: OwnTask): string | undefined {
  const [lapsed, setLapsed] = useState<string>();
  useEffect(() => {
    const every = Math.min(CHECK_EVERY_MS, ((heartbeatSeconds ?? Infinity) * 1000) / 3);
    const timer = setInterval(() => {
      command('SendTaskHeartbeat', { taskToken }).catch(({ error }: CallError) => {
        if (error !== 'TaskTimedOut' && error !== 'TaskDoesNotExist') return;
        setLapsed('It was answered in another tab, it timed out, or its execution ended.');
        clearInterval(timer);
      });
    }, every);
    return () => clearInterval(timer);
  }, [taskToken]);
  return lapsed;
}
