import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Visit } from '../../../framework/local/view/visit.js';
import { pretty } from '../../model/json-text.js';
import { ErrorMessage, Loading } from '../../parts/page.js';
import { Table } from '../../parts/tables/table.js';
import type { ExecutionView } from '../../service/topics.js';
import { assigningEvents, type Variable, variablesOf } from '../../service/variables.js';

interface VariablesProps {
  readonly view: ExecutionView;
  /** The visit whose variables are shown; undefined for those that the execution has in the end. */
  readonly visit: Visit | undefined;
}

/** The variables that a state had when the execution entered it, or that the execution has now. */
export function Variables({ view, visit }: VariablesProps): JSX.Element {
  const [variables, setVariables] = useState<readonly Variable[]>();
  const [error, setError] = useState<string>();
  const last = view.run.visits.findLast(({ parent }) => parent === undefined);
  const before = visit ?? last;
  const ids = before ? assigningEvents(view, before) : [];
  if (!visit && last?.exitedId !== undefined) ids.unshift(last.exitedId);
  useEffect(() => {
    variablesOf(view, ids).then(setVariables, ({ message }: Error) => setError(message));
  }, [view.arn, ids.join()]);
  if (error !== undefined) return <ErrorMessage message={error} />;
  if (variables === undefined) return <Loading />;
  const when = visit ? (
    <>
      when <span dir="auto">{visit.name}</span> began
    </>
  ) : (
    'as the execution has them now'
  );
  if (variables.length === 0)
    return <p class="faint">No variables {when}. A state assigns them with Assign.</p>;
  return (
    <>
      <p class="faint">The variables {when}.</p>
      <Table caption="Variables">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
            <th scope="col">Assigned in</th>
          </tr>
        </thead>
        <tbody>
          {variables.map(({ name, value, state }) => (
            <tr>
              <th scope="row" dir="auto">
                {name}
              </th>
              <td>
                <code dir="auto">{pretty(value)}</code>
              </td>
              <td dir="auto">{state ?? 'the start'}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}
