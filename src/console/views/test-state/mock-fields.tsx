import type { JSX } from 'preact';
import { FailureFields } from '../../parts/failure-fields.js';
import { JsonField } from '../../parts/json-field.js';
import type { Trial } from './trial.js';

interface MockFieldsProps {
  readonly trial: Trial;
  /** The type of the state: Task, Map or Parallel. */
  readonly type: string;
  readonly onChange: (part: Partial<Trial>) => void;
  /** The error message if the result isn't JSON. */
  readonly problem: string | undefined;
}

const MOCKS = { result: 'Mock a result', failure: 'Mock an error', none: 'Run it for real' } as const;
const REAL: Readonly<Record<string, string>> = {
  Task: 'a worker does its work',
  Map: 'its states run',
  Parallel: 'its states run',
};

const wordOf = (mock: Trial['mock'], type: string): string =>
  mock === 'none' ? `${MOCKS.none}: ${REAL[type]}` : MOCKS[mock];

/** The fields for what stands for the work of a state. */
export function MockFields({ trial, type, onChange, problem }: MockFieldsProps): JSX.Element {
  return (
    <>
      <fieldset class="choice">
        <legend class="sr">Mock</legend>
        {(Object.keys(MOCKS) as (keyof typeof MOCKS)[]).map((each) => (
          <label>
            <input
              type="radio"
              name="mock"
              checked={trial.mock === each}
              onChange={() => onChange({ mock: each })}
            />
            {wordOf(each, type)}
          </label>
        ))}
      </fieldset>
      {trial.mock === 'result' && (
        <JsonField
          name="Result"
          value={trial.result}
          onInput={(result) => onChange({ result })}
          problem={problem}
        />
      )}
      {trial.mock === 'failure' && <FailureFields failure={trial} onChange={onChange} />}
    </>
  );
}
