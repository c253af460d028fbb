import type { JSX } from 'preact';
import type { Visit } from '../../../framework/local/view/visit.js';
import { jsonProblem, pretty } from '../../model/json-text.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { JsonField } from '../../parts/json-field.js';
import { useAction } from '../../parts/use-action.js';
import { useDraft } from '../../parts/use-draft.js';
import { go } from '../../route.js';
import { command } from '../../service/calls.js';
import { dataOf, useEvent } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';

interface RunFromProps {
  readonly view: ExecutionView;
  readonly state: string;
  /** The visit whose input the editor shows first; undefined if the execution hasn't entered the state. */
  readonly visit: Visit | undefined;
  readonly onClose: () => void;
}

/** A dialog that shows the input that a state had, and starts an execution that begins in this state. */
export function RunFromDialog({ view, state, visit, onClose }: RunFromProps): JSX.Element {
  const recorded = dataOf(useEvent(view, visit?.id), 'input');
  const draft = useDraft<'input'>(`from ${state} ${view.arn} ${visit?.id}`);
  const { input: text = pretty(recorded ?? '{}') } = draft.typed;
  const problem = jsonProblem(text);
  const start = useAction(async () => {
    const request = { executionArn: view.arn, state, input: text };
    const { executionArn } = await command('StepwrightLocal.StartExecutionFrom', request);
    draft.discard();
    onClose();
    go('executions', executionArn);
  });
  const isLoading = visit !== undefined && recorded === undefined;
  const submit = { text: 'Run', icon: 'play', disabled: problem !== undefined || isLoading } as const;
  const title = (
    <>
      Run from <span dir="auto">{state}</span>
    </>
  );
  return (
    <FormDialog id="run-from" title={title} action={start} submit={submit} onClose={onClose}>
      <p class="faint">
        A new execution of the machine as it is now begins in this state, with the variables that this
        execution had then.
        {visit === undefined && ' This execution has not entered the state, so it has no input yet.'}
      </p>
      <JsonField
        name="Input"
        value={text}
        onInput={(input) => draft.change({ input })}
        problem={problem}
        focus
      >
        {draft.typed.input !== undefined && (
          <button type="button" class="quiet small" onClick={draft.discard}>
            As it was
          </button>
        )}
      </JsonField>
    </FormDialog>
  );
}
