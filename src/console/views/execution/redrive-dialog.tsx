import type { JSX } from 'preact';
import { FormDialog } from '../../parts/form-dialog.js';
import { useAction } from '../../parts/use-action.js';
import { command } from '../../service/calls.js';

interface RedriveProps {
  readonly arn: string;
  readonly onClose: () => void;
}

/** A dialog that asks before an execution is redriven. The API takes no other input for it. */
export function RedriveDialog({ arn, onClose }: RedriveProps): JSX.Element {
  const redrive = useAction(async () => {
    await command('RedriveExecution', { executionArn: arn });
    onClose();
  });
  const submit = { text: 'Redrive execution', icon: 'play' } as const;
  return (
    <FormDialog
      id="redrive"
      title="Redrive this execution?"
      action={redrive}
      submit={submit}
      onClose={onClose}
    >
      <p class="faint">
        It goes on in the states that did not succeed, with the same input and the definition that it started
        with. For another input or a changed definition, select a state and run from there.
      </p>
    </FormDialog>
  );
}
