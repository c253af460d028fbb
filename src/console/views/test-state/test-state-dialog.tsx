import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Commands } from '../../../framework/local/console/api.js';
import type { StateNode } from '../../model/definition.js';
import { jsonProblem, pretty } from '../../model/json-text.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { JsonField } from '../../parts/json-field.js';
import { useAction } from '../../parts/use-action.js';
import { command, ROLE } from '../../service/calls.js';
import { MockFields } from './mock-fields.js';
import { TestResult } from './test-result.js';
import { requestOf, type Trial } from './trial.js';

type Answer = Commands['TestState']['answer'];

interface TestStateProps {
  readonly definition: string;
  readonly node: StateNode;
  /** What the fields contain first. */
  readonly first: Partial<Trial>;
  readonly onClose: () => void;
}

/** The types of states whose work a mock can stand for. */
const MOCKED = ['Task', 'Map', 'Parallel'];

/** A dialog that runs one state by itself, and shows each step of its data. */
export function TestStateDialog({ definition, node, first, onClose }: TestStateProps): JSX.Element {
  const canMock = MOCKED.includes(node.type);
  const [trial, setTrial] = useState<Trial>(() => ({
    input: pretty(first.input ?? '{}'),
    variables: pretty(first.variables ?? '{}'),
    mock: canMock ? (first.mock ?? 'result') : 'none',
    result: pretty(first.result ?? (node.type === 'Task' ? '{}' : '[]')),
    error: first.error ?? '',
    cause: first.cause ?? '',
    retries: 0,
  }));
  const [answer, setAnswer] = useState<Answer | 'running'>();
  const change = (part: Partial<Trial>): void => setTrial((before) => ({ ...before, ...part }));
  const problems = {
    input: jsonProblem(trial.input),
    variables: jsonProblem(trial.variables),
    result: trial.mock === 'result' ? jsonProblem(trial.result) : undefined,
  };
  // A test that a worker has to answer ends with the dialog.
  const end = useMemo(() => new AbortController(), []);
  useEffect(() => () => end.abort(), []);
  const test = useAction(async () => {
    setAnswer('running');
    try {
      const request = { definition, stateName: node.name, roleArn: ROLE, ...requestOf(trial) };
      setAnswer(await command('TestState', request, {}, end.signal));
    } catch (refusal) {
      setAnswer(undefined);
      throw refusal;
    }
  });
  const isBroken = Object.values(problems).some((each) => each !== undefined);
  const submit = { text: 'Test', icon: 'play', disabled: isBroken } as const;
  const title = (
    <>
      Test <span dir="auto">{node.name}</span>
    </>
  );
  return (
    <FormDialog id="test" title={title} action={test} submit={submit} onClose={onClose} wide cancel="Close">
      <p class="faint">
        The state runs by itself: no execution is started{canMock && ', and a mock stands for its work'}.
      </p>
      <div class="beside">
        <JsonField
          name="Input"
          value={trial.input}
          onInput={(input) => change({ input })}
          problem={problems.input}
        />
        <JsonField
          name="Variables"
          value={trial.variables}
          onInput={(variables) => change({ variables })}
          problem={problems.variables}
        />
      </div>
      {canMock && <MockFields trial={trial} onChange={change} problem={problems.result} />}
      <div role="status">
        {answer === 'running' ? <p class="faint">It runs…</p> : answer && <TestResult answer={answer} />}
      </div>
    </FormDialog>
  );
}
