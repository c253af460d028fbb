import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AttemptNotesRow, TaskLine } from '../../../framework/local/console/api.js';
import { iterationsOf, type Visit } from '../../../framework/local/view/visit.js';
import { clockTime, count } from '../../model/format.js';
import { query } from '../../service/calls.js';
import type { ExecutionView } from '../../service/topics.js';

interface LogProps {
  readonly view: ExecutionView;
  readonly visits: readonly Visit[];
}

/** The most attempts whose logs are listed: the latest ones. */
const MOST_LOGS = 100;

/**
 * The log lines that workers wrote about the attempts in these visits, the latest attempt first. A worker of Stepwright
 * sends them to the local service; of other workers there are only heartbeats.
 */
export function Log({ view, visits }: LogProps): JSX.Element {
  const logs = visits.flatMap((visit) =>
    visit.attempts.flatMap(({ scheduledId, worker }, at) => {
      const notes = view.notes.get(scheduledId);
      const title = [visit.name, ...iterationsOf(visit).map((index) => `#${index}`)].join(' ');
      const attempt = visit.attempts.length > 1 ? [`attempt ${at + 1}`] : [];
      return notes ? [{ notes, words: [title, ...attempt, ...(worker === undefined ? [] : [worker])] }] : [];
    }),
  );
  const shown = logs.slice(-MOST_LOGS).toReversed();
  if (shown.length === 0)
    return <p class="faint">No log lines. Workers of Stepwright send them to a local service.</p>;
  return (
    <>
      {shown.map(({ notes, words }, index) => (
        <AttemptLog
          key={notes.scheduledId}
          execution={view.arn}
          notes={notes}
          words={words}
          isFirst={index === 0}
        />
      ))}
      {logs.length > shown.length && (
        <p class="faint">{count(logs.length - shown.length, 'earlier log')}: choose a state to see them.</p>
      )}
    </>
  );
}

interface AttemptLogProps {
  readonly execution: string;
  readonly notes: AttemptNotesRow;
  readonly words: readonly string[];
  readonly isFirst: boolean;
}

function AttemptLog({ execution, notes, words, isFirst }: AttemptLogProps): JSX.Element {
  const [isOpen, setOpen] = useState(isFirst);
  const { lines, heartbeats } = notes;
  const counts = [count(lines, 'line'), ...(heartbeats > 0 ? [count(heartbeats, 'heartbeat')] : [])];
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary dir="auto">{[...words, ...counts].join(' · ')}</summary>
      {isOpen && <Lines execution={execution} notes={notes} />}
    </details>
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
