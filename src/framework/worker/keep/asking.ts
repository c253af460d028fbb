/** A task that the service is asked about. */
export interface AskedTask {
  readonly token: string;
  readonly activityArn: string;
  /** Where the task comes from. */
  readonly scope: string;
}

/** What the service says about a task. `unknown`: it didn't answer, or this worker can't ask it. */
export type Wanted = 'wanted' | 'gone' | 'unknown';

/** Asks the service, by one heartbeat, if it still wants a task. Never rejects. */
export type Ask = (task: AskedTask) => Promise<Wanted>;
