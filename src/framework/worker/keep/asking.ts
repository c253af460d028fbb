import { Abort } from '../../base/abort.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import type { ActivityPort, ReportAnswer } from '../../aws/activity-port.js';

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

/**
 * Sends one heartbeat for a task, which is the question if the service still wants it. Never rejects.
 * @param limitMs the longest wait for the answer
 */
export async function askByHeartbeat(
  token: string,
  { port, clock }: { readonly port: ActivityPort; readonly clock: Clock },
  limitMs: number,
): Promise<ReportAnswer> {
  const limit = new Abort();
  const cancel = limitCallAfter(clock, limitMs, () => limit.abort(new Error('no answer to a heartbeat')));
  const answer = await port.heartbeat(token, limit);
  cancel();
  return answer;
}
