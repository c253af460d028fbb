import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { count, executionArn } from '../../model/format.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { Icon, type IconName } from '../../parts/icons.js';
import { useAction } from '../../parts/use-action.js';
import { command, query } from '../../service/calls.js';
import { dataOf } from '../../service/events.js';
import type { ExecutionRow } from '../../service/topics.js';

/** The most commands that wait for an answer at the same time. */
const AT_ONCE = 4;

/** Something that is done with each of the chosen executions. */
interface Work {
  readonly word: string;
  readonly icon: IconName;
  readonly question: string;
  readonly fits: (row: ExecutionRow) => boolean;
  readonly act: (row: ExecutionRow) => Promise<unknown>;
}

const arnOf = ({ machine, name }: ExecutionRow): string => executionArn(machine, name);

const WORKS: readonly Work[] = [
  {
    word: 'Stop',
    icon: 'stop',
    question: 'A worker that has a task learns of it with its next heartbeat.',
    fits: ({ status, isCopy }) => status === 'RUNNING' && !isCopy,
    act: (row) => command('StopExecution', { executionArn: arnOf(row) }),
  },
  {
    word: 'Run again',
    icon: 'again',
    question: 'Each is started as a new execution with the same input.',
    fits: () => true,
    act: runAgain,
  },
];

async function runAgain(row: ExecutionRow): Promise<void> {
  const started = await query('event', { execution: arnOf(row), id: '1' });
  await command('StartExecution', { stateMachineArn: row.machine, input: dataOf(started, 'input') ?? '{}' });
}

interface ChosenBarProps {
  /** The chosen executions. */
  readonly rows: readonly ExecutionRow[];
  readonly onAll: () => void;
  readonly onNone: () => void;
}

/** The number of the chosen executions, and what can be done with all of them at once. It stands below the table, so that no row moves. */
export function ChosenBar({ rows, onAll, onNone }: ChosenBarProps): JSX.Element {
  const [work, setWork] = useState<Work>();
  return (
    <div class="actions chosen-bar" role="toolbar" aria-label="Chosen executions">
      <span>{count(rows.length, 'execution')} chosen</span>
      <button type="button" class="quiet" onClick={onAll}>
        Choose all
      </button>
      <button type="button" class="quiet" onClick={onNone}>
        Choose none
      </button>
      {WORKS.filter(({ fits }) => rows.some(fits)).map((each) => (
        <button type="button" title={each.question} onClick={() => setWork(each)}>
          <Icon name={each.icon} />
          {each.word}
        </button>
      ))}
      {work && <WorkDialog work={work} rows={rows.filter(work.fits)} onClose={() => setWork(undefined)} />}
    </div>
  );
}

interface WorkDialogProps {
  readonly work: Work;
  readonly rows: readonly ExecutionRow[];
  readonly onClose: () => void;
}

function WorkDialog({ work, rows, onClose }: WorkDialogProps): JSX.Element {
  // Those that it was opened for, whatever they become meanwhile.
  const [wanted] = useState(rows);
  const action = useAction(async () => {
    await forEach(wanted, work.act);
    onClose();
  });
  const title = `${work.word}: ${count(wanted.length, 'execution')}`;
  const submit = { text: work.word, icon: work.icon, danger: work.icon === 'stop' };
  return (
    <FormDialog id="chosen" title={title} action={action} submit={submit} onClose={onClose}>
      <p class="faint">{work.question}</p>
    </FormDialog>
  );
}

/** Does something with each row, a few at the same time. @throws Error that counts and names the failures */
async function forEach(rows: readonly ExecutionRow[], act: Work['act']): Promise<void> {
  const left = [...rows];
  const failures: string[] = [];
  const next = async (): Promise<void> => {
    for (let row = left.shift(); row; row = left.shift())
      await act(row).catch((error: Error) => failures.push(error.message));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${rows.length} failed: ${[...new Set(failures)].join('; ')}`);
}
