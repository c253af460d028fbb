import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AttemptNotesRow, TaskLine } from '../../../../framework/local/console/api.js';
import type { Attempt, Visit } from '../../../../framework/local/view/visit.js';
import { clockTime } from '../../../model/format.js';
import { query } from '../../../service/calls.js';
import type { ExecutionView } from '../../../service/topics.js';

interface TaskLogsProps {
  readonly view: ExecutionView;
  readonly visit: Visit;
}

/**
 * Shows what workers said about the attempts of a visit: progress, heartbeats and log lines, the latest attempt first. A
 * worker of Stepwright sends them to the local service; of other workers there are only heartbeats.
 */
export function TaskLogs({ view, visit }: TaskLogsProps): JSX.Element | null {
  const noted = visit.attempts.flatMap((attempt, at) => {
    const notes = view.notes.get(attempt.scheduledId);
    return notes ? [{ attempt, at, notes }] : [];
  });
  if (noted.length === 0) return null;
  return (
    <>
      <h3>The worker's log</h3>
      {noted.toReversed().map(({ attempt, at, notes }, index) => (
        <details key={attempt.scheduledId} open={index === 0} class="task-log">
          <summary>{summaryOf(attempt, at, visit.attempts.length, notes)}</summary>
          <Progress notes={notes} />
          <Lines execution={view.arn} notes={notes} />
        </details>
      ))}
    </>
  );
}

function summaryOf(
  { worker }: Attempt,
  at: number,
  of: number,
  { lines, heartbeats }: AttemptNotesRow,
): string {
  return [
    ...(of > 1 ? [`Attempt ${at + 1}`] : []),
    ...(worker === undefined ? [] : [worker]),
    lines === 1 ? '1 line' : `${lines} lines`,
    ...(heartbeats > 0 ? [heartbeats === 1 ? '1 heartbeat' : `${heartbeats} heartbeats`] : []),
  ].join(' · ');
}

function Progress({ notes: { progress, heartbeatAt } }: { readonly notes: AttemptNotesRow }): JSX.Element {
  return (
    <>
      {progress && (
        <p class="task-progress">
          {progress.percent !== undefined && (
            <>
              <progress max={100} value={progress.percent} aria-label="Progress of the task" />{' '}
              {progress.percent} %{' '}
            </>
          )}
          <span dir="auto">{progress.message}</span>
        </p>
      )}
      {heartbeatAt !== undefined && <p class="faint">Last heartbeat: {clockTime(heartbeatAt)}</p>}
    </>
  );
}

interface LinesProps {
  readonly execution: string;
  readonly notes: AttemptNotesRow;
}

/** The lines of an attempt, as far as they are known here. */
interface Known {
  /** The number of the first line. */
  readonly first: number;
  readonly lines: readonly TaskLine[];
}

const TONES: Readonly<Record<string, string>> = { warn: 'orange', error: 'red', fatal: 'red' };

/** The most lines that are shown: as many as the service keeps. */
const MOST_LINES = 500;

function Lines({ execution, notes: { scheduledId, lines: count } }: LinesProps): JSX.Element {
  const [known, setKnown] = useState<Known>({ first: 0, lines: [] });
  const next = known.first + known.lines.length;
  useEffect(() => {
    if (count <= next) return undefined;
    let isCurrent = true;
    const wanted = { execution, scheduledId: String(scheduledId), from: String(next) };
    query('taskLog', wanted).then(
      (answer) => isCurrent && setKnown(joined(known, answer)),
      // The execution is gone. Its page says so.
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [execution, scheduledId, count, next]);
  return (
    <div class="log-lines" tabIndex={0} role="log" aria-live="off" aria-label="Log lines of the task">
      {known.first > 0 && <p class="faint">{known.first} earlier lines are not kept.</p>}
      {known.lines.map((line, at) => (
        <p key={known.first + at}>
          <time>{clockTime(line.at)}</time> <b class={TONES[line.level] ?? 'plain'}>{line.level}</b>{' '}
          <span dir="auto">{line.message}</span>{' '}
          {line.fields !== undefined && <code dir="auto">{line.fields}</code>}
        </p>
      ))}
    </div>
  );
}

function joined(known: Known, { first, lines }: Known): Known {
  const all = first === known.first + known.lines.length ? [...known.lines, ...lines] : lines;
  const from = first + lines.length - all.length;
  const dropped = Math.max(0, all.length - MOST_LINES);
  return { first: from + dropped, lines: all.slice(dropped) };
}
