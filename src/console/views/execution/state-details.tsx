import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { StateNode } from '../../model/definition.js';
import type { Visit } from '../../model/history.js';
import { progressOf, PROGRESS_WORDS, type Selection, type StateProgress } from '../../model/progress.js';
import { clockTime, duration } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { Json } from '../../parts/json.js';
import { ProgressBadge } from '../../parts/status.js';
import { dataOf, detailsOf, useEvent } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';
import { Attempts } from './attempts.js';
import { CauseText } from './error-panel.js';
import { Iterations } from './iterations.js';
import { TakeOldest } from '../hand.js';

interface StateDetailsProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  /** Undefined where it was not reached. */
  readonly own: StateProgress | undefined;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
  readonly onClose: () => void;
}

/** More of them than anybody looks through; the latest are listed. */
const MOST_VISITS = 200;

type Tab = 'status' | 'data' | 'definition';
const TABS: Readonly<Record<Tab, string>> = {
  status: 'Status',
  data: 'Input and output',
  definition: 'Definition',
};

/** One state of an execution. */
export function StateDetails(props: StateDetailsProps): JSX.Element {
  const { node, own, onClose } = props;
  const [tab, show] = useState<Tab>('status');
  const [picked, pick] = useState<number>();
  const visits = own?.visits ?? [];
  const index = picked !== undefined && picked < visits.length ? picked : visits.length - 1;
  const visit = visits[index];
  return (
    <>
      <div class="details-head">
        <h2 dir="auto">{node.name}</h2>
        <button type="button" class="quiet" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
        <p class="faint">
          {node.type}
          {node.calls !== undefined && ` · ${node.calls}`}
        </p>
        <ProgressBadge progress={own?.progress ?? 'not reached'} />
        {visits.length > 1 && (
          <label class="which">
            <span class="sr">Which time</span>
            <select value={index} onChange={(event) => pick(Number(event.currentTarget.value))}>
              {visits.slice(-MOST_VISITS).map((each, i) => {
                const at = Math.max(0, visits.length - MOST_VISITS) + i;
                return (
                  <option value={at}>
                    {whichText(each, at, node.activityArn !== undefined, visits.length)}
                  </option>
                );
              })}
            </select>
          </label>
        )}
      </div>
      <div class="tabs" role="tablist" aria-label="Show">
        {(Object.keys(TABS) as Tab[]).map((each) => (
          <button type="button" role="tab" aria-selected={tab === each} onClick={() => show(each)}>
            {TABS[each]}
          </button>
        ))}
      </div>
      <div class="scroll">
        {tab === 'definition' ? (
          <Json text={JSON.stringify(node.source)} label={`Definition of ${node.name}`} />
        ) : visit === undefined ? (
          <p class="faint">It was not reached.</p>
        ) : tab === 'data' ? (
          <Data view={props.view} visit={visit} />
        ) : (
          <Status {...props} visit={visit} />
        )}
      </div>
    </>
  );
}

function whichText(visit: Visit, at: number, isActivity: boolean, of: number): string {
  const { iteration } = visit;
  const words = iteration ? `Iteration ${iteration.index}` : `${at + 1} of ${of}`;
  return `${words}: ${PROGRESS_WORDS[progressOf(visit, isActivity)].toLowerCase()}`;
}

function Data({ view, visit }: { readonly view: ExecutionView; readonly visit: Visit }): JSX.Element {
  const input = dataOf(useEvent(view.arn, visit.id), 'input');
  const output = dataOf(useEvent(view.arn, visit.exitedId), 'output');
  const scheduledId = visit.attempts.at(-1)?.scheduledId;
  const given = useEvent(view.arn, scheduledId);
  const task = dataOf(given, 'input') ?? detailsOf(given)?.['parameters'];
  return (
    <>
      <h3>Input</h3>
      {input === undefined ? <p class="faint">…</p> : <Json text={input} label={`Input of ${visit.name}`} />}
      {typeof task === 'string' && task !== input && (
        <>
          <h3>What its task was given</h3>
          <Json text={task} label={`Input of the task of ${visit.name}`} />
        </>
      )}
      <h3>Output</h3>
      {output !== undefined ? (
        <Json text={output} label={`Output of ${visit.name}`} />
      ) : (
        <p class="faint">{visit.status === 'running' ? 'None yet.' : 'None: it did not get that far.'}</p>
      )}
    </>
  );
}

function Status({
  view,
  node,
  visit,
  selection,
  onSelection,
}: StateDetailsProps & { readonly visit: Visit }): JSX.Element {
  const failure = useEvent(view.arn, visit.failure?.eventId);
  const { error, cause } = detailsOf(failure) ?? {};
  const isQueued = visit.status === 'running' && node.activityArn !== undefined && isWaiting(visit);
  return (
    <>
      <dl class="facts small">
        <div>
          <dt>Entered</dt>
          <dd>{clockTime(visit.enteredAt)}</dd>
        </div>
        {visit.exitedAt !== undefined && (
          <div>
            <dt>Took</dt>
            <dd>{duration(visit.exitedAt - visit.enteredAt)}</dd>
          </div>
        )}
        {visit.iteration && (
          <div>
            <dt>Iteration</dt>
            <dd>
              {visit.iteration.index} of <span dir="auto">{visit.iteration.map.name}</span>
            </dd>
          </div>
        )}
      </dl>
      {isQueued && node.activityArn !== undefined && (
        <div class="note">
          <p>
            <strong>Queued: no worker has taken it.</strong> It waits until one polls for{' '}
            <code dir="auto">{node.calls}</code>, or until you answer it yourself.
          </p>
          <TakeOldest activityArn={node.activityArn} />
        </div>
      )}
      {visit.type === 'Map' && <Iterations map={visit} selection={selection} onSelection={onSelection} />}
      {visit.failure && typeof error === 'string' && (
        <>
          <h3>{visit.status === 'caught' ? 'The error that was caught' : 'Error'}</h3>
          <p class="error-name" dir="auto">
            {error}
          </p>
          {typeof cause === 'string' && <CauseText cause={cause} />}
        </>
      )}
      {visit.attempts.length > 0 && <Attempts visit={visit} leases={view.leases} />}
    </>
  );
}

function isWaiting({ attempts }: Visit): boolean {
  const last = attempts.at(-1);
  return last !== undefined && last.startedAt === undefined && last.endedAt === undefined;
}
