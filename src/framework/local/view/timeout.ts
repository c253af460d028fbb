import type { Run } from './run.js';
import type { Visit } from './visit.js';

/** The most places that are named. */
const NAMED = 5;

/**
 * Says which limit an execution has broken, and where it was then. Returns undefined if it has not timed out, and if the
 * error that ended it is none of a timeout.
 * @param definition the definition of the machine, with its TimeoutSeconds
 */
export function timeoutReason(run: Run, definition: string): string | undefined {
  const end = run.end && run.events[run.end.eventId - 1];
  if (end?.type === 'ExecutionFailed') return taskReason(run);
  if (end?.type !== 'ExecutionTimedOut') return undefined;
  const { TimeoutSeconds: limit } = JSON.parse(definition) as { readonly TimeoutSeconds?: number };
  const places = [...new Set(openAtEnd(run).map((visit) => placeText(run, visit)))];
  const more = places.length > NAMED ? `; and ${places.length - NAMED} more` : '';
  const where = places.length === 0 ? '' : ` ${places.slice(0, NAMED).join('; ')}${more}.`;
  return `The execution took longer than the TimeoutSeconds of its state machine (${limit} s).${where}`;
}

/** Returns the innermost visits that were open when the execution timed out. */
function openAtEnd({ visits }: Run): Visit[] {
  const open = visits.filter(({ status }) => status === 'timed out');
  const around = new Set(open.map(({ parent }) => parent));
  return open.filter((visit) => !around.has(visit));
}

function placeText(run: Run, { name, attempts }: Visit): string {
  const attempt = attempts.at(-1);
  const isActivity = run.events[(attempt?.scheduledId ?? 0) - 1]?.type === 'ActivityScheduled';
  if (attempt && attempt.outcome !== 'aborted' && attempt.outcome !== 'succeeded')
    return `${name}: waited for its next attempt`;
  if (isActivity && attempt?.startedAt === undefined) return `${name}: no worker took its task`;
  return attempt?.worker === undefined ? `${name}: in progress` : `${name}: ${attempt.worker} had its task`;
}

/** Says which limit the task has broken that ended the execution. The history has States.Timeout for all of them. */
function taskReason({ end, events }: Run): string | undefined {
  const { name, attempts, failure } = end?.visit ?? {};
  const attempt = attempts?.at(-1);
  if (attempt?.outcome !== 'timed out' || failure?.eventId !== attempt.endedId) return undefined;
  const { startedAt = attempt.scheduledAt, endedAt = 0, scheduledId } = attempt;
  const { timeoutInSeconds, heartbeatInSeconds } = events[scheduledId - 1]?.details ?? {};
  const isWhole = typeof timeoutInSeconds === 'number' && endedAt - startedAt >= timeoutInSeconds * 1000;
  if (!isWhole && typeof heartbeatInSeconds === 'number')
    return `The task of ${name} sent no heartbeat within its HeartbeatSeconds (${heartbeatInSeconds} s).`;
  const seconds = typeof timeoutInSeconds === 'number' ? ` (${timeoutInSeconds} s)` : '';
  return `The task of ${name} took longer than its TimeoutSeconds${seconds}.`;
}
