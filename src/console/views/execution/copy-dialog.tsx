import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { copiesOfExecution } from '../../model/copy-as.js';
import { Json } from '../../parts/json.js';
import { startedFromOf, useFirstInput } from '../../service/events.js';
import type { ExecutionView } from '../../service/topics.js';

interface CopyProps {
  readonly view: ExecutionView;
  readonly onClose: () => void;
}

/** A dialog with an execution as its ARN and as commands, each with a button that copies it. */
export function CopyDialog({ view, onClose }: CopyProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const input = useFirstInput(view);
  const copied = input === undefined ? undefined : { ...view, input, startedFrom: startedFromOf(view) };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="copy-title" onClose={onClose}>
      <h2 id="copy-title">Copy as</h2>
      <p class="faint">The commands start another execution with the same input.</p>
      {(copied ? copiesOfExecution(copied, location.origin) : []).map(({ name, text }) => (
        <div class="field">
          <span>{name}</span>
          <Json text={text} label={name} plain />
        </div>
      ))}
      <div class="actions end">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
