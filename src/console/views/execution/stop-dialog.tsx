import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { FailureFields, failureOf } from '../../parts/failure-fields.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { useAction } from '../../parts/use-action.js';
import { command } from '../../service/calls.js';

interface StopProps {
  readonly arn: string;
  readonly onClose: () => void;
}

/** A dialog that asks for an error and a cause, and stops the execution with both. */
export function StopDialog({ arn, onClose }: StopProps): JSX.Element {
  const [failure, setFailure] = useState({ error: '', cause: '' });
  const stop = useAction(async () => {
    await command('StopExecution', { executionArn: arn, ...failureOf(failure) });
    onClose();
  });
  const submit = { text: 'Stop execution', icon: 'stop', danger: true } as const;
  return (
    <FormDialog id="stop" title="Stop this execution?" action={stop} submit={submit} onClose={onClose}>
      <p class="faint">A worker that has its task learns of it with its next heartbeat.</p>
      <FailureFields failure={failure} onChange={(part) => setFailure({ ...failure, ...part })} />
    </FormDialog>
  );
}
