import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Visit } from '../../../framework/local/view/visit.js';
import { outermostOf } from '../../model/definition.js';
import { clockTime, instant, nameIn } from '../../model/format.js';
import { Fact } from '../../parts/fact.js';
import { Icon } from '../../parts/icons.js';
import { Menu, type MenuItem } from '../../parts/menu.js';
import { ErrorMessage, PageHead } from '../../parts/page.js';
import { StatusBadge } from '../../parts/status.js';
import { Duration } from '../../parts/times.js';
import { useAction } from '../../parts/use-action.js';
import { to } from '../../route.js';
import { command } from '../../service/calls.js';
import { startedFromOf } from '../../service/events.js';
import { now } from '../../service/stream.js';
import type { ExecutionView } from '../../service/topics.js';
import { AgainDialog } from '../start/again-dialog.js';
import { RunFromDialog } from '../start/run-from-dialog.js';
import { StartedBy } from './children.js';
import { CopyDialog } from './copy-dialog.js';
import { saveHistory, saveTest } from './save.js';
import { StopDialog } from './stop-dialog.js';

interface HeadProps {
  readonly view: ExecutionView;
  /** The chosen state; undefined if there is none. */
  readonly state?: string | undefined;
  /** Its visit that is shown; undefined if the execution hasn't entered it. */
  readonly visit?: Visit | undefined;
}

type Opened = 'again' | 'from' | 'stop' | 'copy';

/** The head of an execution's page: its facts, and the buttons that stop it or run it again. */
export function ExecutionHead({ view, state, visit }: HeadProps): JSX.Element {
  const { arn, name, machine, status } = view;
  const [open, setOpen] = useState<Opened>();
  const close = (): void => setOpen(undefined);
  const isRunning = status === 'RUNNING';
  const begin = state === undefined ? undefined : outermostOf(view.definition, state);
  const more = useMore(view, () => setOpen('copy'));
  const ways = useWays(view, begin, () => setOpen('from'));
  useEffect(() => {
    if (!isRunning && open === 'stop') close();
  }, [isRunning]);
  return (
    <>
      <PageHead title={name} name={name} above={<Breadcrumbs machine={machine} />}>
        <Menu label="More" class="quiet" items={more.items}>
          More
          <Icon name="down" />
        </Menu>
        {isRunning && view.ranAs === undefined && (
          <button type="button" onClick={() => setOpen('stop')}>
            <Icon name="stop" />
            Stop
          </button>
        )}
        {view.parent?.mapRun === undefined && (
          <>
            <a class="button" href={to('machines', machine.arn, 'edit', { again: arn })}>
              <Icon name="edit" />
              Edit the definition
            </a>
            <span class="joined">
              <button type="button" class="primary" onClick={() => setOpen('again')}>
                <Icon name="again" />
                Run again
              </button>
              <Menu label="Other ways to run it again" class="primary" items={ways.items}>
                <Icon name="down" />
              </Menu>
            </span>
          </>
        )}
      </PageHead>
      <Facts view={view} />
      <ErrorMessage message={more.error ?? ways.error} />
      {open === 'again' && <AgainDialog view={view} onClose={close} />}
      {open === 'from' && begin !== undefined && (
        <RunFromDialog view={view} state={begin} visit={visit && outermostVisit(visit)} onClose={close} />
      )}
      {open === 'stop' && <StopDialog arn={arn} onClose={close} />}
      {open === 'copy' && <CopyDialog view={view} onClose={close} />}
    </>
  );
}

const outermostVisit = (visit: Visit): Visit => (visit.parent ? outermostVisit(visit.parent) : visit);

interface Items {
  readonly items: readonly MenuItem[];
  readonly error: string | undefined;
}

/** The ways to run an execution again, other than from its start with another input. */
function useWays(view: ExecutionView, begin: string | undefined, onRunFrom: () => void): Items {
  const { arn, status } = view;
  const redrive = useAction(async () => {
    await command('RedriveExecution', { executionArn: arn });
  });
  const canRedrive = view.ranAs === undefined && status !== 'RUNNING' && status !== 'SUCCEEDED';
  const items: MenuItem[] = [
    {
      text: 'Redrive',
      icon: 'play',
      hint: canRedrive
        ? 'This execution goes on in the states that did not succeed, with its input and the definition that it began with.'
        : 'Only an execution that failed, timed out or was stopped, and ran here, can go on.',
      isOff: !canRedrive,
      act: redrive.run,
    },
    {
      text:
        begin === undefined ? (
          'Run from a state'
        ) : (
          <>
            Run from <span dir="auto">{begin}</span>
          </>
        ),
      icon: 'right',
      hint:
        begin === undefined
          ? 'Choose a state first.'
          : 'A new execution of the machine as it is now begins in this state, with the input that it had, which you can edit.',
      isOff: begin === undefined,
      act: onRunFrom,
    },
  ];
  return { items, error: redrive.error };
}

/** What else can be done with an execution. */
function useMore(view: ExecutionView, onCopy: () => void): Items {
  const { status } = view;
  const test = useAction(() => saveTest(view));
  const history = useAction(() => saveHistory(view));
  const isRunning = status === 'RUNNING';
  const items: MenuItem[] = [
    { text: 'Copy as', icon: 'copy', hint: 'The ARN, and the commands that start another.', act: onCopy },
    {
      text: 'Save as a test',
      icon: 'flask',
      hint: isRunning
        ? 'Only an execution that has ended.'
        : 'A test of createTestMachine that replays this execution.',
      isOff: isRunning,
      act: test.run,
    },
    {
      text: 'Save the history',
      icon: 'executions',
      hint: 'The events in the form of GetExecutionHistory.',
      act: history.run,
    },
  ];
  return { items, error: test.error ?? history.error };
}

/** A child of a map run has a label behind the ARN of its machine. */
const Breadcrumbs = ({ machine: { arn, name } }: Pick<ExecutionView, 'machine'>): JSX.Element => (
  <>
    <a href={to('machines', arn.replace(/\/.*/, ''))} dir="auto">
      {name}
    </a>
    {' · '}
    <a href={to('executions', { machine: arn })}>Executions</a>
  </>
);

const Facts = ({ view }: HeadProps): JSX.Element => {
  const { status, startedAt, endedAt, known, run } = view;
  const from = startedFromOf(view);
  return (
    <dl class="facts in-line">
      <Fact name="Status" isPlain>
        <span role="status">
          <StatusBadge status={status} />
        </span>
      </Fact>
      <Fact name="Started" title={clockTime(startedAt)}>
        {instant(startedAt, now.peek())}
      </Fact>
      <Fact name="Duration">
        <Duration from={startedAt} to={endedAt} />
      </Fact>
      <Fact name="Events">{known.toLocaleString('en')}</Fact>
      {run.redrives > 0 && <Fact name="Redrive count">{run.redrives}</Fact>}
      {view.ranAs !== undefined && (
        <Fact name="Copy of" title="It ran elsewhere. Run it again, or from a state, to run it here.">
          {view.ranAs}
        </Fact>
      )}
      <StartedBy view={view} />
      {from && (
        <Fact name="Began in">
          <span dir="auto">{from.state}</span>, from{' '}
          <a href={to('executions', from.executionArn)} dir="auto">
            {nameIn(from.executionArn).split(':').pop()}
          </a>
        </Fact>
      )}
    </dl>
  );
};
