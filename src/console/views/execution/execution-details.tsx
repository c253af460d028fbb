import type { JSX } from 'preact';
import { Json } from '../../parts/json.js';
import type { ExecutionView } from '../../service/topics.js';

/** Shows the output and the input of an execution, next to the graph, while no state is selected. */
export function ExecutionDetails({ view }: { readonly view: ExecutionView }): JSX.Element {
  return (
    <div class="scroll">
      <h2 class="panel-title">Output</h2>
      {view.output === undefined ? (
        <p class="faint">{view.status === 'RUNNING' ? 'None yet: it runs.' : 'None.'}</p>
      ) : (
        <Json text={view.output} label="Output of the execution" />
      )}
      <h2 class="panel-title">Input</h2>
      <Json text={view.input} label="Input of the execution" />
      <p class="faint hint">Select a state in the graph to see what went in and out of it.</p>
    </div>
  );
}
