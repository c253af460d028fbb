import type { JSX } from 'preact';
import { detailsOf } from '../../../../framework/local/view/history-event.js';
import type { StateNode } from '../../../model/definition.js';
import { clockTime, duration } from '../../../model/format.js';
import {
  type Attempt,
  isIterated,
  iterationsOf,
  type Visit,
} from '../../../../framework/local/view/visit.js';
import type { Selection } from '../../../model/progress.js';
import { Fact } from '../../../parts/fact.js';
import { useEvent } from '../../../service/events.js';
import type { ExecutionView } from '../../../service/topics.js';
import { GoOnButton, TakeButton } from '../../task/take-button.js';
import { takenTask } from '../../task/taken-task.js';
import { mapRunOf, saidItems } from '../children.js';
import { CauseText } from '../error-panel.js';
import { openTab } from '../execution-tabs.js';
import { Attempts } from './attempts.js';
import { TaskProgress } from './task-progress.js';
import { Iterations } from './iterations.js';

interface VisitStatusProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  readonly visit: Visit;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

/** Shows the status of one visit of a state: its times, its iterations, its error and its attempts. */
export function VisitStatus({ view, node, visit, selection, onSelection }: VisitStatusProps): JSX.Element {
  return (
    <>
      <Facts visit={visit} />
      <TaskNote view={view} node={node} visit={visit} />
      <TaskProgress view={view} visit={visit} />
      {isIterated(visit) && <Items view={view} map={visit} selection={selection} onSelection={onSelection} />}
      <Failure view={view} visit={visit} />
      {visit.attempts.length > 0 && <Attempts visit={visit} leases={view.leases} />}
    </>
  );
}

interface ItemsProps extends Pick<VisitStatusProps, 'view' | 'selection' | 'onSelection'> {
  readonly map: Visit;
}

/** The iterations of a Map or, if it runs them as executions, how many of these are in each status. */
function Items({ view, ...props }: ItemsProps): JSX.Element {
  const mapRun = mapRunOf(view, props.map);
  if (!mapRun) return <Iterations {...props} />;
  return (
    <p class="tally hint">
      {saidItems(mapRun)}
      <button type="button" class="quiet text" onClick={() => openTab('children')}>
        Children
      </button>
    </p>
  );
}

const Facts = ({ visit }: { readonly visit: Visit }): JSX.Element => (
  <dl class="state-facts in-line">
    <Fact name="Entered">{clockTime(visit.enteredAt)}</Fact>
    {visit.exitedAt !== undefined && <Fact name="Took">{duration(visit.exitedAt - visit.enteredAt)}</Fact>}
    {visit.iteration && (
      <Fact name="Iteration">
        {iterationsOf(visit).join(' › ')} of <span dir="auto">{visit.iteration.map.name}</span>
      </Fact>
    )}
  </dl>
);

interface TaskNoteProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  readonly visit: Visit;
}

/** The actions on an activity's task that is queued, or that a person has taken. */
function TaskNote({ view, node, visit }: TaskNoteProps): JSX.Element | null {
  const { activityArn } = node;
  const attempt = openAttempt(visit);
  if (!attempt) return null;
  const task = { execution: view.arn, scheduledId: attempt.scheduledId };
  if (activityArn !== undefined && attempt.startedAt === undefined)
    return (
      <div class="note">
        <p>
          <strong>Queued: no worker has taken it.</strong> It waits until one polls for{' '}
          <code dir="auto">{node.calls}</code>, or until you answer it yourself.
        </p>
        <TakeButton activityArn={activityArn} task={task} />
      </div>
    );
  const isCallback = node.calls?.endsWith('.waitForTaskToken') === true;
  if (takenTask.value || (activityArn === undefined && !isCallback)) return null;
  return (
    <div class="note">
      <p>
        <WaitText isCallback={isCallback} worker={attempt.worker} />
      </p>
      <GoOnButton task={task} />
    </div>
  );
}

interface WaitTextProps {
  readonly isCallback: boolean;
  readonly worker: string | undefined;
}

function WaitText({ isCallback, worker }: WaitTextProps): JSX.Element {
  if (isCallback)
    return (
      <>
        <strong>It waits for its token.</strong> Whoever got the token answers it, or you do.
      </>
    );
  if (worker === BY_HAND)
    return (
      <>
        <strong>Taken by hand.</strong> It waits for an answer, from here or from another tab.
      </>
    );
  return (
    <>
      <strong dir="auto">{worker ?? 'A worker'}</strong> has it. If its handler has deferred it, you can
      answer it; the worker can no longer report it then.
    </>
  );
}

/** The worker name in the history of a task that a person has taken. */
const BY_HAND = 'console';

/** Returns the attempt that hasn't ended; undefined if there is none. */
function openAttempt({ status, attempts }: Visit): Attempt | undefined {
  const last = attempts.at(-1);
  return status === 'running' && last?.endedAt === undefined ? last : undefined;
}

interface FailureProps {
  readonly view: ExecutionView;
  readonly visit: Visit;
}

function Failure({ view, visit }: FailureProps): JSX.Element | null {
  const event = detailsOf(useEvent(view, visit.failure?.eventId));
  if (!visit.failure) return null;
  const { error, cause = visit.failure.cause } = { ...visit.failure, ...event };
  return (
    <>
      <h3>{visit.status === 'caught' ? 'The error that was caught' : 'Error'}</h3>
      <p class="error-name" dir="auto">
        {error}
      </p>
      {typeof cause === 'string' && <CauseText cause={cause} />}
    </>
  );
}
