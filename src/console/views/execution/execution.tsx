import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ActivityLease } from '../../../framework/local/console/api.js';
import { allStates, readDefinition, type StateNode } from '../../model/definition.js';
import { type Selection, type StateProgress, stateProgress } from '../../model/progress.js';
import { age, clockTime, duration, instant, nameIn } from '../../model/format.js';
import { Graph } from '../../parts/graph/graph.js';
import { Icon } from '../../parts/icons.js';
import { PageHead, Loading } from '../../parts/page.js';
import { StatusBadge } from '../../parts/status.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import { type ExecutionView, useExecution } from '../../service/topics.js';
import { ErrorPanel } from './error-panel.js';
import { EventTable } from './event-table.js';
import { Running } from '../execution-table.js';
import { ExecutionDetails } from './execution-details.js';
import { useDrawing } from '../machine.js';
import { StartDialog } from '../start-dialog.js';
import { StateDetails } from './state-details.js';
import { StopDialog } from './stop-dialog.js';
import { Timeline } from './timeline.js';

/** One execution, as it goes. */
export function ExecutionPage({ arn }: { readonly arn: string }): JSX.Element {
  const view = useExecution(arn);
  if (view === undefined) return <Loading />;
  if (view === 'missing')
    return (
      <div class="empty">
        There is no execution <code>{nameIn(arn)}</code> here. The service keeps the latest ones, in memory.{' '}
        <a href={to('executions')}>Executions</a>
      </div>
    );
  return <Execution view={view} />;
}

function Execution({ view }: { readonly view: ExecutionView }): JSX.Element {
  const { definition, run, known } = view;
  const drawing = useDrawing(definition);
  const nodes = useMemo(() => nodesOf(definition), [definition]);
  const [selected, select] = useState<string>();
  const [selection, setSelection] = useState<Selection>(new Map());
  const activityStates = useMemo(
    () =>
      new Set(
        [...nodes.values()].filter(({ activityArn }) => activityArn !== undefined).map(({ name }) => name),
      ),
    [nodes],
  );
  const progress = useMemo(
    () => stateProgress(run.visits, activityStates, selection),
    [run, known, selection, view.status],
  );
  const node = selected === undefined ? undefined : nodes.get(selected);
  return (
    <div class="execution">
      <ExecutionHead view={view} />
      {view.error !== undefined || view.cause !== undefined ? (
        <ErrorPanel view={view} onState={select} />
      ) : null}
      <div class="split">
        <section class="panel fill" aria-label="Graph">
          <Legend progress={progress} selection={selection} onSelection={setSelection} />
          {drawing && (
            <Graph
              drawing={drawing}
              label={`Graph of ${view.name}`}
              progress={progress}
              caption={(state) => captionOf(progress.get(state), view.leases)}
              selected={selected}
              onSelect={select}
            />
          )}
        </section>
        <section
          class="panel fill details"
          aria-label={selected === undefined ? 'Execution' : `State ${selected}`}
        >
          {node === undefined ? (
            <ExecutionDetails view={view} />
          ) : (
            <StateDetails
              key={node.name}
              view={view}
              node={node}
              own={progress.get(node.name)}
              selection={selection}
              onSelection={setSelection}
              onClose={() => select(undefined)}
            />
          )}
        </section>
      </div>
      <Timeline view={view} selected={selected} onSelect={select} activityStates={activityStates} />
      <EventTable view={view} state={selected} onState={select} />
    </div>
  );
}

function nodesOf(definition: string): ReadonlyMap<string, StateNode> {
  const group = readDefinition(definition);
  return new Map(group ? [...allStates(group)].map((node) => [node.name, node]) : []);
}

function ExecutionHead({ view }: { readonly view: ExecutionView }): JSX.Element {
  const [open, setOpen] = useState<'start' | 'stop' | undefined>(undefined);
  const { machine, status, startedAt, endedAt } = view;
  const isRunning = status === 'RUNNING';
  useEffect(() => {
    if (!isRunning && open === 'stop') setOpen(undefined);
  }, [isRunning]);
  return (
    <>
      <PageHead
        title={view.name}
        name={view.name}
        above={
          <>
            <a href={to('machines', machine.arn)} dir="auto">
              {machine.name}
            </a>
            {' · '}
            <a href={to('executions', { machine: machine.arn })}>Executions</a>
          </>
        }
      >
        {isRunning && (
          <button type="button" onClick={() => setOpen('stop')}>
            <Icon name="stop" />
            Stop
          </button>
        )}
        <button type="button" onClick={() => setOpen('start')}>
          <Icon name="again" />
          Start again
        </button>
      </PageHead>
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
          <dd>{endedAt === null ? <Running since={startedAt} /> : duration(endedAt - startedAt)}</dd>
        </div>
        <div>
          <dt>Events</dt>
          <dd>{view.known.toLocaleString('en')}</dd>
        </div>
      </dl>
      {open === 'start' && (
        <StartDialog
          machine={{ arn: machine.arn, definition: view.definition }}
          input={view.input}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === 'stop' && <StopDialog arn={view.arn} onClose={() => setOpen(undefined)} />}
    </>
  );
}

/** What a state in progress says of itself; undefined: its word is enough. */
export function captionOf(
  own: StateProgress | undefined,
  leases: readonly ActivityLease[],
): string | undefined {
  if (!own) return undefined;
  const { progress, visits, counts } = own;
  const many = counts.get(progress) ?? 0;
  if (progress === 'queued') {
    const first = visits.find(
      ({ status, attempts }) => status === 'running' && attempts.at(-1)?.startedAt === undefined,
    );
    const since = first?.attempts.at(-1)?.scheduledAt;
    if (many > 1) return `${many} queued, no worker`;
    return since === undefined
      ? 'Queued, no worker'
      : `Queued ${duration(Math.floor((now.value - since) / 1000) * 1000)
          .replace('.0', '')
          .replace('0 ms', '0 s')}, no worker`;
  }
  if (progress === 'leased') {
    if (many > 1) return `${many} leased`;
    const attempt = visits.find(({ status }) => status === 'running')?.attempts.at(-1);
    const lease = leases.find(({ scheduledId }) => scheduledId === attempt?.scheduledId);
    return `Leased by ${attempt?.worker ?? 'a worker'}${lease?.beatAt === undefined ? '' : `, beat ${age(now.value - lease.beatAt)}`}`;
  }
  return undefined;
}

interface LegendProps {
  readonly progress: ReadonlyMap<string, StateProgress>;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

/** Which iterations are looked at, and what the colours mean. */
function Legend({ selection, onSelection }: LegendProps): JSX.Element {
  return (
    <div class="legend">
      {[...selection].map(([map, index]) => (
        <button
          type="button"
          class="chip"
          onClick={() => onSelection(new Map([...selection].filter(([name]) => name !== map)))}
        >
          <span dir="auto">{map}</span>: iteration {index}
          <Icon name="close" />
          <span class="sr">Show all iterations</span>
        </button>
      ))}
      <ul class="key" aria-label="Colours">
        {(
          [
            'blue In progress',
            'green Succeeded',
            'red Failed',
            'orange Caught error',
            'grey Aborted',
            'none Not reached',
          ] as const
        ).map((each) => {
          const [tone, ...words] = each.split(' ');
          return (
            <li>
              <i class={`swatch ${tone}`} />
              {words.join(' ')}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
