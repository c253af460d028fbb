import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { TakenTask } from '../../../framework/local/console/api.js';
import { type CallError, command } from '../../service/calls.js';

/** The task that the page's user has taken. */
export interface OwnTask extends TakenTask {
  readonly activityArn: string;
}

/** The task that the page's user has taken; undefined while there is none. */
export const takenTask = signal<OwnTask | undefined>(undefined);

/**
 * Takes the oldest queued task of an activity, like a worker. The user must then send its result.
 * @throws CallError; Error if no task is queued
 */
export async function takeOldest(activityArn: string): Promise<void> {
  const taken = await command('TakeTask', { activityArn });
  if (taken.taskToken === undefined) throw new Error('Nothing is queued any more: somebody was faster.');
  takenTask.value = { ...taken, activityArn };
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
        setLapsed('It timed out, or its execution ended. Nothing can be answered any more.');
        clearInterval(timer);
      });
    }, every);
    return () => clearInterval(timer);
  }, [taskToken]);
  return lapsed;
}
