import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { clockTime, instant, nameIn } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { PageHead } from '../../parts/page.js';
import { StatusBadge } from '../../parts/status.js';
import { Duration } from '../../parts/times.js';
import { to } from '../../route.js';
import { startedFromOf } from '../../service/events.js';
import { now } from '../../service/stream.js';
import type { ExecutionView } from '../../service/topics.js';
import { RunFromDialog } from '../start/run-from-dialog.js';
import { StartDialog } from '../start/start-dialog.js';
import { CopyDialog } from './copy-dialog.js';
import { KeepButton } from './keep-button.js';
import { RedriveDialog } from './redrive-dialog.js';
import { SaveButtons } from './save.js';
import { StopDialog } from './stop-dialog.js';

interface ExecutionProps {
  readonly view: ExecutionView;
}

/**
 * The head of an execution's page: facts such as its status, and the buttons that stop it or start another one with the
 * same input.
 */
export function ExecutionHead({ view }: ExecutionProps): JSX.Element {
  const { arn, name, machine, status } = view;
  const [open, setOpen] = useState<'start' | 'stop' | 'redrive' | 'copy' | undefined>(undefined);
  const close = (): void => setOpen(undefined);
  const isRunning = status === 'RUNNING';
  useEffect(() => {
    if (!isRunning && open === 'stop') close();
  }, [isRunning]);
  return (
    <>
      <PageHead title={name} name={name} above={<Breadcrumbs machine={machine} />}>
        {isRunning && (
          <button type="button" onClick={() => setOpen('stop')}>
            <Icon name="stop" />
            Stop
          </button>
        )}
        {!isRunning && status !== 'SUCCEEDED' && (
          <button type="button" onClick={() => setOpen('redrive')}>
            <Icon name="play" />
            Redrive
          </button>
        )}
        <button type="button" onClick={() => setOpen('copy')}>
          <Icon name="copy" />
          Copy as
        </button>
        <KeepButton view={view} />
        <SaveButtons view={view} />
        <button type="button" onClick={() => setOpen('start')}>
          <Icon name="again" />
          Start again
        </button>
      </PageHead>
      <Facts view={view} />
      {open === 'start' && <AgainDialog view={view} onClose={close} />}
      {open === 'stop' && <StopDialog arn={arn} onClose={close} />}
      {open === 'copy' && <CopyDialog view={view} onClose={close} />}
      {open === 'redrive' && <RedriveDialog arn={arn} onClose={close} />}
    </>
  );
}

/** A dialog that starts another execution: in the same state, if this one began in a state. */
function AgainDialog({ view, onClose }: ExecutionProps & { readonly onClose: () => void }): JSX.Element {
  const from = startedFromOf(view);
  const { machine, definition, input } = view;
  if (from)
    return <RunFromDialog view={view} state={from.state} visit={view.run.visits[0]} onClose={onClose} />;
  return <StartDialog machine={{ arn: machine.arn, definition }} input={input} onClose={onClose} />;
}

const Breadcrumbs = ({ machine: { arn, name } }: Pick<ExecutionView, 'machine'>): JSX.Element => (
  <>
    <a href={to('machines', arn)} dir="auto">
      {name}
    </a>
    {' · '}
    <a href={to('executions', { machine: arn })}>Executions</a>
  </>
);

const Facts = ({ view }: ExecutionProps): JSX.Element => {
  const { status, startedAt, endedAt, known, run } = view;
  const from = startedFromOf(view);
  return (
    <dl class="facts">
      <div>
        <dt>Status</dt>
        <dd>
          <span role="status">
            <StatusBadge status={status} />
          </span>
        </dd>
      </div>
      <div>
        <dt>Started</dt>
        <dd title={clockTime(startedAt)}>{instant(startedAt, now.peek())}</dd>
      </div>
      <div>
        <dt>Duration</dt>
        <dd>
          <Duration from={startedAt} to={endedAt} />
        </dd>
      </div>
      <div>
        <dt>Events</dt>
        <dd>{known.toLocaleString('en')}</dd>
      </div>
      {run.redrives > 0 && (
        <div>
          <dt>Redrive count</dt>
          <dd>{run.redrives}</dd>
        </div>
      )}
      {from && (
        <div>
          <dt>Began in</dt>
          <dd>
            <span dir="auto">{from.state}</span>, from{' '}
            <a href={to('executions', from.executionArn)} dir="auto">
              {nameIn(from.executionArn).split(':').pop()}
            </a>
          </dd>
        </div>
      )}
    </dl>
  );
};
