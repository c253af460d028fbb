import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { kindOf } from '../../../framework/asl/kinds.js';
import type { StateNode } from '../../model/definition.js';
import { jsonProblem, pretty } from '../../model/json-text.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { JsonField } from '../../parts/json-field.js';
import { useAction } from '../../parts/use-action.js';
import { command, ROLE } from '../../service/calls.js';
import type { Operations } from '../../service/operations.js';
import { MockFields } from './mock-fields.js';
import { TestResult } from './test-result.js';
import { requestOf, type Trial } from './trial.js';

type Answer = Operations['TestState']['answer'];

interface TestStateProps {
  readonly definition: string;
  readonly node: StateNode;
  /** The first contents of the fields. */
  readonly first: Partial<Trial>;
  readonly onClose: () => void;
}

/** Says what the test does with the work of the state, by the choice of its mock. */
const WORK: Readonly<Record<Trial['mock'], string>> = {
  result: ', and a mocked result stands for its work',
  failure: ', and a mocked error stands for its work',
  none: ', but its work is really done: a task waits until a worker answers it',
};

/** A dialog that runs one state by itself, and shows each step of its data. */
export function TestStateDialog({ definition, node, first, onClose }: TestStateProps): JSX.Element {
  const kind = kindOf(node.type);
  const canMock = kind?.mock !== undefined;
  const [trial, setTrial] = useState<Trial>(() => ({
    input: pretty(first.input ?? '{}'),
    variables: pretty(first.variables ?? '{}'),
    mock: canMock ? (first.mock ?? 'result') : 'none',
    result: pretty(first.result ?? (kind?.calls ? '{}' : '[]')),
    error: first.error ?? '',
    cause: first.cause ?? '',
  }));
  const [answer, setAnswer] = useState<Answer | 'running'>();
  // A test that a worker has to answer ends with the dialog, and when the user changes what is tested.
  const end = useRef(new AbortController());
  useEffect(() => () => end.current.abort(), []);
  const problems = {
    input: jsonProblem(trial.input),
    variables: jsonProblem(trial.variables),
    result: trial.mock === 'result' ? jsonProblem(trial.result) : undefined,
  };
  const test = useAction(async () => {
    const { signal } = end.current;
    setAnswer('running');
    try {
      const request = { definition, stateName: node.name, roleArn: ROLE, ...requestOf(trial) };
      const answered = await command('TestState', request, signal);
      if (!signal.aborted) setAnswer(answered);
    } catch (refusal) {
      if (signal.aborted) return;
      setAnswer(undefined);
      throw refusal;
    }
  });
  const change = (part: Partial<Trial>): void => {
    end.current.abort();
    end.current = new AbortController();
    setAnswer(undefined);
    test.clear();
    setTrial((before) => ({ ...before, ...part }));
  };
  const isBroken = Object.values(problems).some((each) => each !== undefined);
  const submit = { text: 'Test', icon: 'play', disabled: isBroken } as const;
  const title = (
    <>
      Test <span dir="auto">{node.name}</span>
    </>
  );
  return (
    <FormDialog id="test" title={title} action={test} submit={submit} onClose={onClose} wide cancel="Close">
      <p class="faint">The state runs by itself: no execution is started{canMock && WORK[trial.mock]}.</p>
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
      {canMock && (
        <MockFields isCall={kind.calls === true} trial={trial} onChange={change} problem={problems.result} />
      )}
      <div role="status">
        {answer === 'running' ? <p class="faint">Running…</p> : answer && <TestResult answer={answer} />}
      </div>
    </FormDialog>
  );
}
