import type { JSX } from 'preact';
import type { Visit } from '../../../framework/local/view/visit.js';
import { isSelected, type Selection, type StateProgress } from '../../model/progress.js';
import { Json } from '../../parts/json.js';
import { Tabs } from '../../parts/tabs.js';
import { queryField, setQuery } from '../../route.js';
import type { ExecutionView } from '../../service/topics.js';
import { Children, hasChildren } from './children.js';
import { EventTable } from './events/event-table.js';
import { Log } from './log.js';
import { Variables } from './variables.js';

interface TabsProps {
  readonly view: ExecutionView;
  /** The state that the user has chosen, of which alone the events and log lines are shown. */
  readonly state: string | undefined;
  readonly own: StateProgress | undefined;
  readonly visit: Visit | undefined;
  readonly onState: (state: string | undefined) => void;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

const TABS = {
  events: 'Events',
  children: 'Children',
  log: 'Log',
  variables: 'Variables',
  machine: 'Machine',
} as const;
type Tab = keyof typeof TABS;

const isTab = (name: string): name is Tab => Object.hasOwn(TABS, name);

/** Shows a tab below the graph, and brings it into sight. */
function showTab(tab: Tab): void {
  setQuery({ more: tab === 'events' ? undefined : tab });
  document.querySelector('.run-tabs')?.scrollIntoView({ block: 'nearest' });
}

/** Shows a tab, and moves the focus to it. */
export function openTab(tab: Tab): void {
  showTab(tab);
  requestAnimationFrame(() => document.querySelector<HTMLElement>('.run-tabs [role=tabpanel]')?.focus());
}

/** What is long about an execution, in tabs below the graph. */
export function ExecutionTabs(props: TabsProps): JSX.Element {
  const { view, own, visit, selection } = props;
  const asked = queryField('more') ?? '';
  const { children: _none, ...others } = TABS;
  const tabs: Readonly<Partial<typeof TABS>> = hasChildren(view) ? TABS : others;
  const shown = isTab(asked) && asked in tabs ? asked : 'events';
  return (
    <section class="panel fill run-tabs" aria-label="More of the execution">
      <Tabs<Tab> tabs={tabs} shown={shown} onShow={showTab} />
      {shown === 'events' ? (
        <EventTable {...props} />
      ) : shown === 'children' ? (
        <Children view={view} state={props.state} />
      ) : (
        <div class="scroll" tabIndex={0} role="tabpanel" aria-label={TABS[shown]}>
          {shown === 'log' && (
            <Log
              view={view}
              visits={own?.visits ?? view.run.visits.filter((each) => isSelected(each, selection))}
            />
          )}
          {shown === 'variables' && <Variables view={view} visit={visit} />}
          {shown === 'machine' && <Json text={view.definition} label="Definition of the machine" />}
        </div>
      )}
    </section>
  );
}
