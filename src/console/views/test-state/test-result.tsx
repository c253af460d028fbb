import type { JSX } from 'preact';
import { Icon, type IconName } from '../../parts/icons.js';
import { Json } from '../../parts/json.js';
import type { Operations } from '../../service/operations.js';

type Answer = Operations['TestState']['answer'];

const STATUSES: Readonly<Record<Required<Answer>['status'], { word: string; icon: IconName; tone: string }>> =
  {
    SUCCEEDED: { word: 'Succeeded', icon: 'succeeded', tone: 'green' },
    CAUGHT_ERROR: { word: 'Caught error', icon: 'caught', tone: 'orange' },
    RETRIABLE: { word: 'It would be tried again', icon: 'backing off', tone: 'blue' },
    FAILED: { word: 'Failed', icon: 'failed', tone: 'red' },
  };

/** The steps of a state's data, in their order. */
const STEPS: readonly (readonly [key: keyof Required<Answer>['inspectionData'], name: string])[] = [
  ['input', 'Input'],
  ['afterInputPath', 'After InputPath'],
  ['afterItemsPath', 'After ItemsPath'],
  ['afterParameters', 'After Parameters'],
  ['afterArguments', 'After Arguments'],
  ['result', 'Result'],
  ['afterResultSelector', 'After ResultSelector'],
  ['afterResultPath', 'After ResultPath'],
];

/** Brings the result, which is below the fields, into sight. */
const reveal = (element: HTMLElement | null): void => element?.scrollIntoView();

/** The outcome of a state's test: its status, and its data step by step with the variables beside it. */
export function TestResult({ answer }: { readonly answer: Answer }): JSX.Element {
  const { status = 'FAILED', output, error, cause, nextState, inspectionData: seen = {} } = answer;
  const { word, icon, tone } = STATUSES[status];
  const steps = STEPS.flatMap(([key, name]) => {
    const text = seen[key];
    return typeof text === 'string' ? [{ name, text }] : [];
  });
  if (output !== undefined) steps.push({ name: 'Output', text: output });
  return (
    <section ref={reveal} aria-label="Result of the test">
      <p>
        <span class={`badge ${tone}`} data-status={status}>
          <Icon name={icon} />
          {word}
        </span>{' '}
        {nextState !== undefined && (
          <>
            Next: <strong dir="auto">{nextState}</strong>
          </>
        )}
      </p>
      {error !== undefined && (
        <p class="error-name" dir="auto">
          {error}
        </p>
      )}
      {cause !== undefined && (
        <p class="message" dir="auto">
          {cause}
        </p>
      )}
      <div class="beside">
        <ol aria-label="Steps of the data">
          {steps.map(({ name, text }, at) => (
            <li>
              <h3>{name}</h3>
              {name !== 'Output' && steps[at - 1]?.text === text ? (
                <p class="faint">As before.</p>
              ) : (
                <Json text={text} label={`${name} in the test`} />
              )}
            </li>
          ))}
        </ol>
        <div>
          <h3>Variables afterwards</h3>
          <Json text={seen.variables ?? '{}'} label="Variables afterwards" />
        </div>
      </div>
    </section>
  );
}
