import type { JSX } from 'preact';
import { timeoutReason } from '../../../framework/local/view/timeout.js';
import { readCause, type Violation } from '../../model/cause.js';
import { Json } from '../../parts/json.js';
import { Icon } from '../../parts/icons.js';
import { wordOf } from '../../parts/status.js';
import { Table } from '../../parts/tables/table.js';
import type { ExecutionView } from '../../service/topics.js';

interface ErrorPanelProps {
  readonly view: ExecutionView;
  readonly onState: (state: string) => void;
}

/**
 * Shows the error of an execution that didn't succeed, in short if a state has failed: the details of that state have the
 * whole cause.
 */
export function ErrorPanel({ view, onState }: ErrorPanelProps): JSX.Element {
  const failed = view.run.end?.visit;
  const reason = timeoutReason(view.run, view.definition);
  return (
    <section class={`error-panel ${view.status === 'ABORTED' ? 'grey' : ''}`} aria-label="Error" tabIndex={0}>
      <h2>
        <Icon name={view.status === 'ABORTED' ? 'aborted' : 'failed'} />
        <span dir="auto">{view.error ?? wordOf(view.status)}</span>
        {failed && (
          <span class="at">
            in{' '}
            <button type="button" class="quiet text" onClick={() => onState(failed.name)} dir="auto">
              {failed.name}
            </button>
          </span>
        )}
      </h2>
      {view.cause !== undefined &&
        (failed ? <Message text={messageIn(view.cause)} /> : <CauseText cause={view.cause} />)}
      <Message text={reason} />
    </section>
  );
}

const messageIn = (cause: string): string => readCause(cause)?.errorMessage ?? cause;

const Message = ({ text }: { readonly text: string | undefined }): JSX.Element | null =>
  text === undefined || text === '' ? null : (
    <p class="message" dir="auto">
      {text}
    </p>
  );

/**
 * Shows the cause of a failure: its message, the rejected fields of the input as a table, and the stack trace,
 * collapsed. A cause that isn't in Stepwright's form is shown as text.
 */
export function CauseText({ cause }: { readonly cause: string }): JSX.Element {
  const read = readCause(cause);
  if (!read) return <Message text={cause} />;
  const { errorMessage, violations, trace, data } = read;
  return (
    <>
      <Message text={errorMessage} />
      {violations.length > 0 && <Violations violations={violations} />}
      {data !== undefined && <Json text={JSON.stringify(data)} label="Data of the error" />}
      {trace.length > 0 && (
        <details>
          <summary>Where it was thrown</summary>
          <pre tabIndex={0} role="region" aria-label="Trace">
            {trace.join('\n')}
          </pre>
        </details>
      )}
    </>
  );
}

function Violations({ violations }: { readonly violations: readonly Violation[] }): JSX.Element {
  return (
    <Table caption="Violations" class="violations">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Rule</th>
          <th scope="col">What is wrong</th>
        </tr>
      </thead>
      <tbody>
        {violations.map(({ path, rule, message }) => (
          <tr>
            <td dir="auto">
              <code>{path === '' ? '(the input)' : path}</code>
            </td>
            <td dir="auto">{rule}</td>
            <td dir="auto">{message}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
