import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { MachineDescription } from '../../framework/local/console/api.js';
import { drawingOf } from '../model/drawing/drawings.js';
import type { Drawing } from '../model/drawing/drawing.js';
import { count, nameIn, regionIn } from '../model/format.js';
import { Graph } from '../parts/graph/graph.js';
import { Icon } from '../parts/icons.js';
import { Json } from '../parts/json.js';
import { PageHead, Loading } from '../parts/page.js';
import { to } from '../route.js';
import { query } from '../service/calls.js';
import { useExecutions } from '../service/topics.js';
import { ExecutionTable } from './execution-table.js';
import { StartDialog } from './start-dialog.js';

/** One machine: its graph, and what was made of it. */
export function MachinePage({ arn }: { readonly arn: string }): JSX.Element {
  const [machine, setMachine] = useState<MachineDescription | 'missing'>();
  const [starting, setStarting] = useState(false);
  const list = useExecutions(arn);
  useEffect(() => {
    query('machine', { arn }).then(setMachine, () => setMachine('missing'));
  }, [arn]);
  if (machine === undefined) return <Loading />;
  if (machine === 'missing')
    return (
      <div class="empty">
        There is no machine <code>{nameIn(arn)}</code> here. <a href={to('machines')}>Machines</a>
      </div>
    );
  return (
    <>
      <PageHead
        title={machine.name}
        name={machine.name}
        above={
          <>
            <a href={to('machines')}>Machines</a> · {regionIn(arn)}
          </>
        }
      >
        <a class="button" href={to('machines', 'new', { from: arn })}>
          <Icon name="copy" />
          Copy
        </a>
        <button type="button" class="primary" onClick={() => setStarting(true)}>
          <Icon name="play" />
          Start execution
        </button>
      </PageHead>
      <div class="split">
        <MachineGraph machine={machine} />
        <section class="panel fill" aria-label="Executions of this machine">
          <h2 class="panel-title">
            Executions {list && <span class="faint">{count(list.rows.length, 'execution')}</span>}
          </h2>
          <ExecutionTable rows={list?.rows ?? []} withMachine={false} empty="Nothing was started yet." />
        </section>
      </div>
      {starting && (
        <StartDialog machine={{ arn, definition: machine.definition }} onClose={() => setStarting(false)} />
      )}
    </>
  );
}

export function useDrawing(definition: string): Drawing | undefined {
  const [drawing, setDrawing] = useState<Drawing>();
  useEffect(() => {
    let gone = false;
    drawingOf(definition).then(
      (made) => !gone && setDrawing(made),
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [definition]);
  return drawing;
}

function MachineGraph({ machine }: { readonly machine: MachineDescription }): JSX.Element {
  const drawing = useDrawing(machine.definition);
  const [selected, select] = useState<string>();
  const [shows, show] = useState<'graph' | 'definition'>('graph');
  const node = drawing?.boxes.find(({ name }) => name === selected)?.node;
  return (
    <section class="panel fill" aria-label="Definition">
      <div class="tabs" role="tablist" aria-label="Show">
        {(['graph', 'definition'] as const).map((each) => (
          <button type="button" role="tab" aria-selected={shows === each} onClick={() => show(each)}>
            {each === 'graph' ? 'Graph' : 'Definition'}
          </button>
        ))}
      </div>
      {shows === 'definition' ? (
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
            <div class="peek">
              <h3 dir="auto">{node.name}</h3>
              <Json text={JSON.stringify(node.source)} label={`Definition of ${node.name}`} />
            </div>
          )}
        </>
      )}
    </section>
  );
}
