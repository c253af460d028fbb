import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ExecutionCounts, MapRunRow } from '../../../framework/local/console/api.js';
import type { Visit } from '../../../framework/local/view/visit.js';
import { count, nameIn } from '../../model/format.js';
import { Fact } from '../../parts/fact.js';
import { ErrorMessage } from '../../parts/page.js';
import { STATUSES, wordOf } from '../../parts/status.js';
import { queryField, setQuery, to } from '../../route.js';
import { CallError, query } from '../../service/calls.js';
import { type ExecutionRow, type ExecutionView, toRow } from '../../service/topics.js';
import { ExecutionTable } from '../executions/execution-table.js';

/** True if an execution has started others that are kept, or has a map run. */
export const hasChildren = ({ children, mapRuns }: ExecutionView): boolean =>
  mapRuns.length > 0 || Object.keys(children).length > 0;

/** The link from an execution to the one that has started it. */
export function StartedBy({ view: { parent } }: { readonly view: ExecutionView }): JSX.Element | null {
  if (!parent) return null;
  const { arn, state } = parent;
  return (
    <Fact name={parent.mapRun === undefined ? 'Started by' : 'Map run of'} title={nameIn(arn)}>
      {state !== undefined && (
        <>
          <span dir="auto">{state}</span> of{' '}
        </>
      )}
      <a href={to('executions', arn, { ...(state !== undefined && { state }) })} dir="auto">
        {nameIn(arn).split(':').pop()}
      </a>
    </Fact>
  );
}

interface ChildrenProps {
  readonly view: ExecutionView;
  /** The state whose children alone are shown. */
  readonly state: string | undefined;
}

/** The executions that an execution has started, by their status: nested ones, and the children of its map runs. */
export function Children({ view, state }: ChildrenProps): JSX.Element {
  const groups = groupsOf(view, state);
  const asked = queryField('of');
  const group = groups.find(({ parent }) => parent === asked) ?? groups[0];
  if (!group)
    return (
      <p class="faint">
        {state === undefined ? 'The execution has no children.' : 'The state has no children.'}
      </p>
    );
  return (
    <section class="events" role="tabpanel" aria-label="Children" tabIndex={-1}>
      <Group
        key={`${group.parent} ${state ?? ''}`}
        group={group}
        state={group.run ? '' : (state ?? '')}
        isLive={view.status === 'RUNNING'}
        others={groups}
      />
    </section>
  );
}

/** Children that are listed together: the nested executions, or those of one map run. */
interface ChildGroup {
  /** The ARN of the execution or of the map run. */
  readonly parent: string;
  readonly title: string;
  readonly run: MapRunRow | undefined;
  /** Changes when the children do. */
  readonly version: string;
}

function groupsOf({ arn, children, mapRuns, run }: ExecutionView, state: string | undefined): ChildGroup[] {
  const nested = Object.keys(children).length > 0 && {
    parent: arn,
    title: 'Nested executions',
    run: undefined,
    version: JSON.stringify(children),
  };
  const begun = beginningsOf(run);
  const runs = mapRuns.flatMap((each, at) => {
    const name = begun.get(each.arn)?.name;
    if (state !== undefined && name !== state) return [];
    const title = `Map run ${mapRuns.length - at}${name === undefined ? '' : ` of ${name}`}`;
    return [{ parent: each.arn, title, run: each, version: JSON.stringify(each) }];
  });
  return nested ? [nested, ...runs] : runs;
}

/** Returns the visits in which the map runs of an execution have begun, by the ARNs of the map runs. */
const beginningsOf = (run: ExecutionView['run']): ReadonlyMap<unknown, Visit | undefined> =>
  new Map(
    run.events
      .filter(({ type }) => type === 'MapRunStarted')
      .map(({ id, details }) => [details?.['mapRunArn'], run.visitOf(id)]),
  );

/** Returns the latest map run of a visit; undefined if the iterations of its Map are in the execution itself. */
export function mapRunOf({ mapRuns, run }: ExecutionView, visit: Visit): MapRunRow | undefined {
  const begun = beginningsOf(run);
  return mapRuns.find(({ arn }) => begun.get(arn) === visit);
}

interface GroupProps {
  readonly group: ChildGroup;
  readonly state: string;
  readonly isLive: boolean;
  readonly others: readonly ChildGroup[];
}

function Group({ group, state, isLive, others }: GroupProps): JSX.Element {
  const status = queryField('child') ?? '';
  const { rows, counts, hasMore, more, error } = useChildren(group, state, status, isLive);
  return (
    <>
      <div class="filters">
        {others.length > 1 && (
          <label>
            <span>Of</span>
            <select
              value={group.parent}
              onChange={({ currentTarget }) => setQuery({ of: currentTarget.value })}
            >
              {others.map(({ parent, title }) => (
                <option value={parent}>{title}</option>
              ))}
            </select>
          </label>
        )}
        <label>
          <span>Status</span>
          <select value={status} onChange={({ currentTarget }) => setQuery({ child: currentTarget.value })}>
            <option value="">Any</option>
            {STATUSES.map((each) => (
              <option value={each}>
                {wordOf(each)} {counts[each] === undefined ? '' : `(${counts[each].toLocaleString('en')})`}
              </option>
            ))}
          </select>
        </label>
        <p class="faint total">{group.run ? saidItems(group.run) : count(totalOf(counts), 'execution')}</p>
        {hasMore && (
          <button type="button" class="small" onClick={more}>
            Show older ones
          </button>
        )}
      </div>
      <ErrorMessage message={error} />
      <ExecutionTable rows={rows} withMachine empty="No child matches." />
    </>
  );
}

const totalOf = (counts: ExecutionCounts): number =>
  Object.values(counts).reduce((sum, each) => sum + each, 0);

/** Says how many items of a map run are where. Those that have ended may no longer be kept. */
export function saidItems(run: MapRunRow): string {
  const { total, pending, running, succeeded, failed, timedOut, aborted } = run;
  const parts = { pending, running, succeeded, failed, 'timed out': timedOut, aborted };
  const said = Object.entries(parts).filter(([, each]) => each > 0);
  const words = said.map(([word, each]) => `${each.toLocaleString('en')} ${word}`);
  return [count(total, 'item'), ...words].join(', ');
}

interface Loaded {
  readonly rows: readonly ExecutionRow[];
  readonly counts: ExecutionCounts;
  readonly hasMore: boolean;
  readonly more: () => void;
  readonly error: string | undefined;
}

/** How often the children of a running execution are asked for. */
const EVERY_MS = 1_000;
/** The number of rows at first, and by how much it grows whenever older ones are wanted. */
const FIRST_ROWS = 100;
const TIMES_MORE = 10;

/** Asks for the children that are shown, again and again while their parent runs, and after that when they change. */
function useChildren(
  { parent, version }: ChildGroup,
  state: string,
  status: string,
  isLive: boolean,
): Loaded {
  const [found, setFound] = useState<Omit<Loaded, 'more' | 'error'>>({
    rows: [],
    counts: {},
    hasMore: false,
  });
  const [error, setError] = useState<string>();
  const [most, setMost] = useState(FIRST_ROWS);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      try {
        const answer = await query('children', { parent, status, state, most: String(most) });
        if (isOver) return;
        setFound({ ...answer, rows: answer.rows.map(toRow) });
        setError(undefined);
      } catch (refusal) {
        if (!isOver) setError(refusal instanceof CallError ? refusal.message : String(refusal));
      }
      if (isLive && !isOver) timer = setTimeout(() => void load(), EVERY_MS);
    };
    void load();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [parent, state, status, most, isLive, isLive ? '' : version]);
  return { ...found, more: () => setMost(most * TIMES_MORE), error };
}
