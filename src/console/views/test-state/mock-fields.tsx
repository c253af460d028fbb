import type { JSX } from 'preact';
import { FailureFields } from '../../parts/failure-fields.js';
import { JsonField } from '../../parts/json-field.js';
import type { Trial } from './trial.js';

interface MockFieldsProps {
  readonly trial: Trial;
  /** True for a state that calls a resource, false for one that holds states. */
  readonly isCall: boolean;
  readonly onChange: (part: Partial<Trial>) => void;
  /** The error message if the result isn't JSON. */
  readonly problem: string | undefined;
}

const MOCKS = { result: 'Mock a result', failure: 'Mock an error', none: 'Run it for real' } as const;

const wordOf = (mock: Trial['mock'], isCall: boolean): string =>
  mock === 'none' ? `${MOCKS.none}: ${isCall ? 'a worker does its work' : 'its states run'}` : MOCKS[mock];

/** The fields for what stands for the work of a state. */
export function MockFields({ trial, isCall, onChange, problem }: MockFieldsProps): JSX.Element {
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
            {wordOf(each, isCall)}
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
