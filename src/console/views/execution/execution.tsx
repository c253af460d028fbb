import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Visit } from '../../../framework/local/view/visit.js';
import { allStates, readDefinition, type StateNode } from '../../model/definition.js';
import { TakenEdges } from '../../model/drawing/taken-edges.js';
import { nameIn } from '../../model/format.js';
import { isSelected, type Selection, type StateProgress, stateProgress } from '../../model/progress.js';
import { Graph } from '../../parts/graph/graph.js';
import { useDrawing } from '../../parts/graph/use-drawing.js';
import { useEscape } from '../../keys.js';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage, Loading } from '../../parts/page.js';
import { queryField, setQuery, to } from '../../route.js';
import { CallError } from '../../service/calls.js';
import { type ExecutionView, useExecution } from '../../service/topics.js';
import { captionOf } from './caption.js';
import { ErrorPanel } from './error-panel.js';
import { ExecutionDetails } from './execution-details.js';
import { ExecutionTabs } from './execution-tabs.js';
import { ExecutionHead } from './execution-head.js';
import { StateDetails } from './state/state-details.js';
import { Timeline } from './timeline/timeline.js';

/** The page of one execution. It is updated live. */
export function ExecutionPage({ arn }: { readonly arn: string }): JSX.Element {
  const view = useExecution(arn);
  if (view === undefined) return <Loading />;
  if (view instanceof CallError && view.error !== 'ExecutionDoesNotExist')
    return <ErrorMessage message={view.message} />;
  if (view instanceof CallError)
    return (
      <div class="empty">
        There is no execution <code>{nameIn(arn)}</code> here. The service keeps the latest ones, in memory.{' '}
        <a href={to('executions')}>Executions</a>
      </div>
    );
  if (isArriving(view))
    return (
      <>
        <ExecutionHead view={view} />
        <Loading />
      </>
    );
  return <Execution view={view} />;
}

/**
 * True while the events of a long execution that has ended come, in several messages. Nothing is drawn of them until
 * then, since its states would be shown as running.
 */
const isArriving = ({ endedAt, run }: ExecutionView): boolean => endedAt !== null && run.end === undefined;

function Execution({ view }: { readonly view: ExecutionView }): JSX.Element {
  const nodes = useMemo(() => nodesOf(view.definition), [view.definition]);
  const { chosen, selected, select } = useChoice(nodes, view.run.end?.visit?.name);
  const [selection, setSelection] = useSelection();
  const progress = useProgress(view, nodes, selection);
  const own = progress.get(selected ?? '');
  const visit = own && shownVisit(own, view.run);
  const shared = { view, selected, visit, onSelect: select, selection, onSelection: setSelection };
  return (
    <div class="execution">
      <div class="on-one-screen">
        <ExecutionHead view={view} state={selected} visit={visit} />
        {(view.error ?? view.cause) !== undefined || view.status === 'TIMED_OUT' ? (
          <ErrorPanel view={view} onState={select} />
        ) : null}
        <div class="run">
          <GraphPanel {...shared} nodes={nodes} progress={progress} />
          <Timeline {...shared} />
          <DetailsPanel {...shared} node={nodes.get(selected ?? '')} own={own} />
        </div>
      </div>
      <ExecutionTabs {...shared} state={chosen} own={progress.get(chosen ?? '')} onState={select} />
    </div>
  );
}

interface Choice {
  /** The state in the page's URL. */
  readonly chosen: string | undefined;
  /** The state whose details are shown: if none is chosen, the one that failed. */
  readonly selected: string | undefined;
  readonly select: (state: string | undefined) => void;
}

function useChoice(nodes: ReadonlyMap<string, StateNode>, failed: string | undefined): Choice {
  const [isClosed, setClosed] = useState(false);
  const known = (state: string | undefined): string | undefined =>
    state !== undefined && nodes.has(state) ? state : undefined;
  const chosen = known(queryField('state'));
  const select = (state: string | undefined): void => {
    setClosed(state === undefined);
    if (state !== chosen) setQuery({ state, visit: undefined, tab: undefined });
    // The details get the focus when they are there.
    if (state !== undefined)
      requestAnimationFrame(() => document.querySelector<HTMLElement>('.details h2')?.focus());
  };
  return { chosen, selected: chosen ?? (isClosed ? undefined : known(failed)), select };
}

/** Returns the visit that the user has picked; otherwise the one that made the execution fail, or the last one. */
function shownVisit({ visits }: StateProgress, { end }: ExecutionView['run']): Visit | undefined {
  const picked = visits[Number(queryField('visit') ?? NaN)];
  return picked ?? visits.find((each) => each === end?.visit) ?? visits.at(-1);
}

/** Returns the selected iterations, by the names of their Maps. They are kept in the page's URL. */
function useSelection(): [selection: Selection, select: (selection: Selection) => void] {
  const text = queryField('iteration') ?? '';
  const selection = useMemo(() => {
    const entries = [...new URLSearchParams(text)].map(([map, index]) => [map, Number(index)] as const);
    return new Map(entries.filter(([, index]) => Number.isSafeInteger(index) && index >= 0));
  }, [text]);
  const select = (next: Selection): void =>
    setQuery({
      visit: undefined,
      iteration: new URLSearchParams([...next].map(([map, index]) => [map, String(index)])).toString(),
    });
  return [selection, select];
}

function nodesOf(definition: string): ReadonlyMap<string, StateNode> {
  const group = readDefinition(definition);
  return new Map(group ? [...allStates(group)].map((node) => [node.name, node]) : []);
}

function useProgress(
  { run, known, status }: ExecutionView,
  nodes: ReadonlyMap<string, StateNode>,
  selection: Selection,
): ReadonlyMap<string, StateProgress> {
  const activityStates = useMemo(() => {
    const waits = [...nodes.values()].filter(({ activityArn }) => activityArn !== undefined);
    return new Set(waits.map(({ name }) => name));
  }, [nodes]);
  return useMemo(() => stateProgress(run.visits, activityStates, selection), [run, known, selection, status]);
}

/** Returns the edges taken in the iterations that are selected. */
function useTaken(
  { run, known }: ExecutionView,
  nodes: ReadonlyMap<string, StateNode>,
  selection: Selection,
): TakenEdges {
  return useMemo(
    () =>
      new TakenEdges(
        run.visits.filter((visit) => isSelected(visit, selection)),
        (state) => nodes.get(state)?.ends === true,
      ),
    [run, known, nodes, selection],
  );
}

interface PanelProps {
  readonly view: ExecutionView;
  readonly selected: string | undefined;
  readonly visit: Visit | undefined;
  readonly onSelect: (state: string | undefined) => void;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

interface GraphPanelProps extends PanelProps {
  readonly nodes: ReadonlyMap<string, StateNode>;
  readonly progress: ReadonlyMap<string, StateProgress>;
}

function GraphPanel(props: GraphPanelProps): JSX.Element {
  const { view, nodes, progress, selected, onSelect, selection, onSelection } = props;
  const drawing = useDrawing(view.definition);
  const taken = useTaken(view, nodes, selection);
  return (
    <section class="panel fill run-graph" aria-label="Graph">
      {[...selection].map(([map, index]) => (
        <button
          type="button"
          class="chip"
          onClick={() => onSelection(new Map([...selection].filter(([name]) => name !== map)))}
        >
          <span>
            <span dir="auto">{map}</span>: iteration {index}
          </span>
          <Icon name="close" />
          <span class="sr">Show all iterations</span>
        </button>
      ))}
      {drawing && (
        <Graph
          drawing={drawing}
          label={`Graph of ${view.name}`}
          progress={progress}
          taken={taken}
          caption={(state) => captionOf(progress.get(state), view.leases)}
          selected={selected}
          onSelect={onSelect}
        />
      )}
    </section>
  );
}

/** Closes the details of a state. A focus that was in them goes to the state in the graph. */
function close(state: string | undefined, onSelect: PanelProps['onSelect']): void {
  const hadFocus = document.activeElement?.closest('.details');
  onSelect(undefined);
  if (!hadFocus) return;
  for (const each of document.querySelectorAll<HTMLElement>('[data-state]'))
    if (each.dataset['state'] === state) each.focus({ preventScroll: true });
}

interface DetailsPanelProps extends PanelProps {
  readonly node: StateNode | undefined;
  readonly own: StateProgress | undefined;
}

/** Shows the details of the selected state. If no state is selected, shows those of the execution. */
function DetailsPanel({ node, selected, onSelect, ...props }: DetailsPanelProps): JSX.Element {
  const onClose = (): void => close(selected, onSelect);
  useEscape(node !== undefined, onClose);
  return (
    <section
      class="panel fill details"
      aria-label={selected === undefined ? 'Execution' : `State ${selected}`}
    >
      {node === undefined ? (
        <ExecutionDetails view={props.view} />
      ) : (
        <StateDetails {...props} key={node.name} node={node} onClose={onClose} />
      )}
    </section>
  );
}
