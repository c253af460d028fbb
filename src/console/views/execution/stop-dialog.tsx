import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { FormDialog } from '../../parts/form-dialog.js';
import { useAction } from '../../parts/use-action.js';
import { command } from '../../service/calls.js';

interface StopProps {
  readonly arn: string;
  readonly onClose: () => void;
}

/** A dialog that asks for an error and a cause, and stops the execution with both. */
export function StopDialog({ arn, onClose }: StopProps): JSX.Element {
  const [error, setError] = useState('');
  const [cause, setCause] = useState('');
  const stop = useAction(async () => {
    await command('StopExecution', {
      executionArn: arn,
      ...(error !== '' && { error }),
      ...(cause !== '' && { cause }),
    });
    onClose();
  });
  const submit = { text: 'Stop execution', icon: 'stop', danger: true } as const;
  return (
    <FormDialog id="stop" title="Stop this execution?" action={stop} submit={submit} onClose={onClose}>
      <p class="faint">A worker that has its task learns of it with its next heartbeat.</p>
      <label class="field">
        <span>Error (optional)</span>
        <input value={error} onInput={(event) => setError(event.currentTarget.value)} maxLength={256} />
      </label>
      <label class="field">
        <span>Cause (optional)</span>
        <textarea rows={3} value={cause} onInput={(event) => setCause(event.currentTarget.value)} />
      </label>
    </FormDialog>
  );
}
