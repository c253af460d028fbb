import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { StateNode } from '../model/definition.js';
import { count, nameIn, regionIn } from '../model/format.js';
import { Graph } from '../parts/graph/graph.js';
import { useDrawing } from '../parts/graph/use-drawing.js';
import { Icon } from '../parts/icons.js';
import { Json } from '../parts/json.js';
import { ErrorMessage, Loading, PageHead } from '../parts/page.js';
import { Tabs } from '../parts/tabs.js';
import { queryField, route, setQuery, to } from '../route.js';
import { CallError, describeMachine, type MachineDescription } from '../service/calls.js';
import { type ExecutionList, useExecutions, useMachines } from '../service/topics.js';
import { DeleteButton } from './delete-button.js';
import { ExecutionTable } from './executions/execution-table.js';
import { EditMachine } from './new-machine/edit-machine.js';
import { StartDialog } from './start/start-dialog.js';
import { TestStateDialog } from './test-state/test-state-dialog.js';
import { Versions } from './versions.js';

/** The page of one machine: its graph, and its executions. */
export function MachinePage({ arn }: { readonly arn: string }): JSX.Element {
  const [machine, setMachine] = useState<MachineDescription | CallError>();
  const list = useExecutions(arn);
  const load = (): void => {
    describeMachine(arn).then(setMachine, setMachine);
  };
  // An update, a deletion and a new machine of the same name, whoever makes them.
  const row = useMachines()?.find((each) => each.arn === arn);
  useEffect(load, [arn, row?.createdAt, row?.revision, row?.deleting]);
  if (machine === undefined) return <Loading />;
  if (machine instanceof CallError && machine.error !== 'StateMachineDoesNotExist')
    return <ErrorMessage message={machine.message} />;
  if (machine instanceof CallError)
    return (
      <div class="empty">
        There is no machine <code>{nameIn(arn)}</code> here. <a href={to('machines')}>Machines</a>
      </div>
    );
  if (route.value.parts[2] === 'edit') return <EditMachine machine={machine} onSaved={load} />;
  return (
    <>
      <MachineHead machine={machine} />
      <div class="split">
        <MachineGraph machine={machine} />
        <MachineExecutions list={list} />
      </div>
    </>
  );
}

interface MachineProps {
  readonly machine: MachineDescription;
}

function MachineHead({ machine }: MachineProps): JSX.Element {
  const { arn, name } = machine;
  const [starting, setStarting] = useState(false);
  const above = (
    <>
      <a href={to('machines')}>Machines</a> · {regionIn(arn)}
    </>
  );
  return (
    <>
      <PageHead title={name} name={name} above={above}>
        <a class="button" href={to('machines', arn, 'edit')}>
          <Icon name="edit" />
          Edit
        </a>
        <a class="button" href={to('machines', 'new', { from: arn })}>
          <Icon name="copy" />
          Copy
        </a>
        <DeleteButton arn={arn} room="machines" />
        <button type="button" class="primary" onClick={() => setStarting(true)}>
          <Icon name="play" />
          Start execution
        </button>
      </PageHead>
      {starting && <StartDialog machine={machine} onClose={() => setStarting(false)} />}
    </>
  );
}

function MachineExecutions({ list }: { readonly list: ExecutionList | undefined }): JSX.Element {
  return (
    <section class="panel fill" aria-label="Executions of this machine">
      <h2 class="panel-title">{count(list?.rows.length ?? 0, 'execution')}</h2>
      <ExecutionTable rows={list?.rows ?? []} empty="No executions yet." />
    </section>
  );
}

const TABS = { graph: 'Graph', definition: 'Definition', versions: 'Versions' } as const;
const isTab = (name: string): name is keyof typeof TABS => Object.hasOwn(TABS, name);

function MachineGraph({ machine }: MachineProps): JSX.Element {
  const drawing = useDrawing(machine.definition);
  const selected = queryField('state');
  const select = (state: string | undefined): void => setQuery({ state });
  const asked = queryField('tab') ?? '';
  const shown = isTab(asked) ? asked : 'graph';
  const show = (tab: keyof typeof TABS): void => setQuery({ tab: tab === 'graph' ? undefined : tab });
  const node = drawing?.boxes.find(({ name }) => name === selected)?.node;
  return (
    <section class="panel fill" aria-label="Definition">
      <Tabs tabs={TABS} shown={shown} onShow={show} />
      {shown === 'versions' ? (
        <Versions machine={machine} />
      ) : shown === 'definition' ? (
        <div class="scroll">
          <Json text={machine.definition} label="Definition" />
        </div>
      ) : (
        <>
          {drawing && (
            <Graph
              drawing={drawing}
              label={`Graph of ${machine.name}`}
              selected={selected}
              onSelect={select}
            />
          )}
          {node && (
            <StateDefinition
              key={node.name}
              node={node}
              definition={machine.definition}
              onClose={() => select(undefined)}
            />
          )}
        </>
      )}
    </section>
  );
}

interface StateProps {
  readonly node: StateNode;
  readonly definition: string;
  readonly onClose: () => void;
}

function StateDefinition({ node, definition, onClose }: StateProps): JSX.Element {
  const { name, source } = node;
  const [isTested, setTested] = useState(false);
  return (
    <div class="state-definition">
      <div class="details-head">
        <h2 dir="auto">{name}</h2>
        <button type="button" class="small" onClick={() => setTested(true)}>
          <Icon name="flask" />
          Test
        </button>
        <button type="button" class="quiet" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
      </div>
      <Json text={JSON.stringify(source)} label={`Definition of ${name}`} />
      {isTested && (
        <TestStateDialog definition={definition} node={node} first={{}} onClose={() => setTested(false)} />
      )}
    </div>
  );
}
