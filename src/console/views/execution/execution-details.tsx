import type { JSX } from 'preact';
import { Json } from '../../parts/json.js';
import { startedFromOf, useFirstInput } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';

/** Shows the output and the input of an execution, next to the graph, while no state is selected. */
export function ExecutionDetails({ view }: { readonly view: ExecutionView }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Output and input">
      <h2 class="panel-title">Output</h2>
      {view.output === undefined ? (
        <p class="faint">{view.status === 'RUNNING' ? 'None yet.' : 'None.'}</p>
      ) : (
        <Json text={view.output} label="Output of the execution" />
      )}
      <h2 class="panel-title">Input</h2>
      <FirstInput view={view} />
      <p class="faint hint">Select a state in the graph to see its input and output.</p>
    </div>
  );
}

/** Shows the input of the execution or, if it began in a state, what it began with. */
function FirstInput({ view }: { readonly view: ExecutionView }): JSX.Element {
  const input = useFirstInput(view);
  const from = startedFromOf(view);
  return (
    <>
      {from && (
        <p class="faint">
          The input of <span dir="auto">{from.state}</span>, in which this execution began.
        </p>
      )}
      {input !== undefined && <Json text={input} label="Input of the execution" />}
    </>
  );
}
