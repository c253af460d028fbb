import type { JSX } from 'preact';
import type { Visit } from '../../../../framework/local/view/visit.js';
import { clockTime, count } from '../../../model/format.js';
import type { ExecutionView } from '../../../service/topics.js';
import { openTab } from '../execution-tabs.js';

interface TaskProgressProps {
  readonly view: ExecutionView;
  readonly visit: Visit;
}

/** Shows what the worker said last about the task of a visit: its progress and its heartbeat, with a way to its log. */
export function TaskProgress({ view, visit }: TaskProgressProps): JSX.Element | null {
  const notes = view.notes.get(visit.attempts.at(-1)?.scheduledId ?? 0);
  if (!notes) return null;
  const { progress, heartbeatAt, lines } = notes;
  return (
    <p class="tally">
      {progress && (
        <span>
          {progress.percent !== undefined && (
            <>
              <progress max={100} value={progress.percent} aria-label="Progress of the task" />{' '}
              {progress.percent} %{' '}
            </>
          )}
          <span dir="auto">{progress.message}</span>
        </span>
      )}
      {heartbeatAt !== undefined && <span class="faint">Last heartbeat: {clockTime(heartbeatAt)}</span>}
      {lines > 0 && (
        <button type="button" class="quiet text" onClick={() => openTab('log')}>
          {count(lines, 'line')} in the log
        </button>
      )}
    </p>
  );
}
