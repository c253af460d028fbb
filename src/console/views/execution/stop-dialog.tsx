import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage } from '../../parts/page.js';
import { command } from '../../service/calls.js';

interface StopProps {
  readonly arn: string;
  readonly onClose: () => void;
}

/** Stops an execution, and says why. */
export function StopDialog({ arn, onClose }: StopProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState('');
  const [cause, setCause] = useState('');
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const stop = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await command('StopExecution', {
        executionArn: arn,
        ...(error !== '' && { error }),
        ...(cause !== '' && { cause }),
      });
      onClose();
    } catch (problem) {
      setTrouble((problem as Error).message);
    }
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="stop-title" onClose={onClose}>
      <form onSubmit={(event) => void stop(event)}>
        <h2 id="stop-title">Stop this execution?</h2>
        <p class="faint">A worker that has its task learns of it with its next heartbeat.</p>
        <label class="field">
          <span>Error (optional)</span>
          <input value={error} onInput={(event) => setError(event.currentTarget.value)} maxLength={256} />
        </label>
        <label class="field">
          <span>Cause (optional)</span>
          <textarea rows={3} value={cause} onInput={(event) => setCause(event.currentTarget.value)} />
        </label>
        <ErrorMessage message={trouble} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary danger">
            <Icon name="stop" />
            Stop execution
          </button>
        </div>
      </form>
    </dialog>
  );
}
