import type { JSX } from 'preact';
import type { StateNode } from '../../../model/definition.js';
import { iterationsOf, type Visit } from '../../../../framework/local/view/visit.js';
import { PROGRESS_WORDS, progressOf, type Selection, type StateProgress } from '../../../model/progress.js';
import { Icon } from '../../../parts/icons.js';
import { Json } from '../../../parts/json.js';
import { ProgressBadge } from '../../../parts/status.js';
import { Tabs } from '../../../parts/tabs.js';
import { queryField, setQuery } from '../../../route.js';
import type { ExecutionView } from '../../../service/topics.js';
import { TestButton } from './test-button.js';
import { VisitData } from './visit-data.js';
import { VisitStatus } from './visit-status.js';

interface StateDetailsProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  /** The progress of the state; undefined if the execution hasn't entered it. */
  readonly own: StateProgress | undefined;
  /** The visit that is shown; undefined if the execution hasn't entered the state. */
  readonly visit: Visit | undefined;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
  readonly onClose: () => void;
}

const TABS = { status: 'Status', data: 'Input and output', definition: 'Definition' } as const;
const isTab = (name: string): name is keyof typeof TABS => Object.hasOwn(TABS, name);

/** Shows the details of one state of an execution, one visit at a time. */
export function StateDetails(props: StateDetailsProps): JSX.Element {
  const { view, node, own, visit, onClose } = props;
  const asked = queryField('tab') ?? '';
  const tab = isTab(asked) ? asked : 'status';
  const show = (next: keyof typeof TABS): void => setQuery({ tab: next === 'status' ? undefined : next });
  const pick = (index: number): void => setQuery({ visit: String(index) });
  const visits = own?.visits ?? [];
  return (
    <>
      <div class="details-head">
        <h2 dir="auto" tabIndex={-1}>
          {node.name}
        </h2>
        <p class="faint">
          {node.type}
          {node.calls !== undefined && ` · ${node.calls}`}
        </p>
        <ProgressBadge progress={own?.progress ?? 'not reached'} />
        {visit && visits.length > 1 && (
          <VisitPicker node={node} visits={visits} index={visits.indexOf(visit)} onPick={pick} />
        )}
        <TestButton view={view} node={node} visit={visit} />
        <button type="button" class="quiet close" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
      </div>
      <Tabs tabs={TABS} shown={tab} onShow={show} />
      <div class="scroll" tabIndex={0} role="tabpanel" aria-label={TABS[tab]}>
        <TabContent {...props} tab={tab} />
      </div>
    </>
  );
}

interface TabContentProps extends StateDetailsProps {
  readonly tab: keyof typeof TABS;
}

function TabContent({ tab, visit, ...props }: TabContentProps): JSX.Element {
  const { node, view } = props;
  if (tab === 'definition')
    return <Json text={JSON.stringify(node.source)} label={`Definition of ${node.name}`} />;
  if (visit === undefined)
    return (
      <p class="faint">
        The execution has not entered it.
        {view.mapRuns.length > 0 && ' The states of a map run are entered by its children.'}
      </p>
    );
  if (tab === 'data') return <VisitData view={view} visit={visit} />;
  return <VisitStatus {...props} visit={visit} />;
}

interface VisitPickerProps {
  readonly node: StateNode;
  readonly visits: readonly Visit[];
  readonly index: number;
  readonly onPick: (index: number) => void;
}

/** The most visits that can be selected, which are the latest ones. Nobody looks through more. */
const MOST_VISITS = 200;

function VisitPicker({ node, visits, index, onPick }: VisitPickerProps): JSX.Element {
  const isActivity = node.activityArn !== undefined;
  const first = Math.max(0, visits.length - MOST_VISITS);
  return (
    <label>
      <span class="sr">Visit</span>
      <select value={index} onChange={(event) => onPick(Number(event.currentTarget.value))}>
        {visits.slice(first).map((each, i) => (
          <option value={first + i}>{visitText(each, first + i, isActivity, visits.length)}</option>
        ))}
      </select>
    </label>
  );
}

function visitText(visit: Visit, at: number, isActivity: boolean, of: number): string {
  const indexes = iterationsOf(visit);
  const words = indexes.length > 0 ? `Iteration ${indexes.join(' › ')}` : `${at + 1} of ${of}`;
  return `${words}: ${PROGRESS_WORDS[progressOf(visit, isActivity)].toLowerCase()}`;
}
