import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { jsonProblem } from '../../model/json-text.js';
import { FailureFields, failureOf } from '../../parts/failure-fields.js';
import { JsonField } from '../../parts/json-field.js';
import { type Action, useAction } from '../../parts/use-action.js';
import { command } from '../../service/calls.js';
import { leaveTask, type OwnTask } from './taken-task.js';

/** The result or failure of a task that the user has entered so far: an output, or an error with its cause. */
interface Answer {
  readonly kind: 'success' | 'failure';
  readonly output: string;
  readonly error: string;
  readonly cause: string;
}

interface AnswerForm {
  readonly answer: Answer;
  readonly change: (part: Partial<Answer>) => void;
  /** The error message if the entered output isn't JSON; undefined if it can be sent. */
  readonly problem: string | undefined;
  readonly send: Action;
}

export function useAnswer({ taskToken }: OwnTask): AnswerForm {
  const [answer, setAnswer] = useState<Answer>({ kind: 'success', output: '{}', error: '', cause: '' });
  const { kind, output } = answer;
  const send = useAction(async () => {
    if (kind === 'success') await command('SendTaskSuccess', { taskToken, output });
    else await command('SendTaskFailure', { taskToken, ...failureOf(answer) });
    leaveTask();
  });
  return {
    answer,
    change: (part) => setAnswer((before) => ({ ...before, ...part })),
    problem: kind === 'success' ? jsonProblem(output) : undefined,
    send,
  };
}

interface AnswerFieldsProps {
  readonly answer: Answer;
  readonly onChange: (part: Partial<Answer>) => void;
  readonly problem: string | undefined;
}

export function AnswerFields({ answer, onChange, problem }: AnswerFieldsProps): JSX.Element {
  return (
    <>
      <fieldset class="choice">
        <legend class="sr">Answer</legend>
        {(['success', 'failure'] as const).map((kind) => (
          <label>
            <input
              type="radio"
              name="answer"
              checked={answer.kind === kind}
              onChange={() => onChange({ kind })}
            />
            {kind === 'success' ? 'It succeeded' : 'It failed'}
          </label>
        ))}
      </fieldset>
      {answer.kind === 'success' ? (
        <JsonField
          name="Output"
          value={answer.output}
          onInput={(output) => onChange({ output })}
          problem={problem}
        />
      ) : (
        <FailureFields failure={answer} onChange={onChange} />
      )}
    </>
  );
}
