import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const KEYS: readonly (readonly [keys: string, text: string])[] = [
  ['Ctrl K', 'Go to a page, machine, state, activity or execution'],
  ['?', 'Show these keys'],
  ['Esc', 'Close a dialog, a task that you have taken, or the details of a state'],
  ['← ↑ → ↓', 'In a graph: move from state to state. In tabs: show another'],
  ['Enter', 'In a graph: show the details of the state'],
  ['+ − 0', 'In a graph: larger, smaller, all of it'],
  ['Tab', 'Move on, also out of an editor'],
];

/** A dialog with the keys that the console knows. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">Keys</h2>
      <table>
        <tbody>
          {KEYS.map(([keys, text]) => (
            <tr>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="actions end">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </dialog>
  );
}
