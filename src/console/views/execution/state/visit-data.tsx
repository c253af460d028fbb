import type { JSX } from 'preact';
import { detailsOf } from '../../../../framework/local/view/history-event.js';
import type { Visit } from '../../../../framework/local/view/visit.js';
import { Json } from '../../../parts/json.js';
import { dataOf, useEvent } from '../../../service/events.js';
import type { ExecutionView } from '../../../service/topics.js';

interface VisitDataProps {
  readonly view: ExecutionView;
  readonly visit: Visit;
}

/**
 * Shows the input and the output of one visit of a state. The input of the task is shown too if it isn't the same as
 * the state's.
 */
export function VisitData({ view, visit }: VisitDataProps): JSX.Element {
  const { id, exitedId, name, status, attempts } = visit;
  const input = dataOf(useEvent(view, id), 'input');
  const output = dataOf(useEvent(view, exitedId), 'output');
  const scheduled = useEvent(view, attempts.at(-1)?.scheduledId);
  const taskInput = dataOf(scheduled, 'input') ?? detailsOf(scheduled)?.['parameters'];
  return (
    <>
      <h3>Input</h3>
      {input === undefined ? <p class="faint">…</p> : <Json text={input} label={`Input of ${name}`} />}
      {typeof taskInput === 'string' && taskInput !== input && (
        <>
          <h3>Input of the task</h3>
          <Json text={taskInput} label={`Input of the task of ${name}`} />
        </>
      )}
      <h3>Output</h3>
      {output !== undefined ? (
        <Json text={output} label={`Output of ${name}`} />
      ) : (
        <p class="faint">{status === 'running' ? 'None yet.' : 'None.'}</p>
      )}
    </>
  );
}
