import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons.js';
import { ErrorMessage } from './page.js';
import type { Action } from './use-action.js';

interface FormDialogProps {
  /** The HTML id of the dialog. */
  readonly id: string;
  readonly title: ComponentChildren;
  readonly action: Action;
  readonly submit: {
    readonly text: string;
    readonly icon: IconName;
    readonly danger?: boolean;
    readonly disabled?: boolean;
  };
  readonly onClose: () => void;
  /** True for a dialog with more than a few fields. */
  readonly wide?: boolean;
  /** The text of the button that closes the dialog. @default 'Cancel' */
  readonly cancel?: string;
  /** The fields of the form. */
  readonly children: ComponentChildren;
}

/** A modal dialog with a form. It is open as long as it is rendered. */
export function FormDialog(props: FormDialogProps): JSX.Element {
  const { id, title, action, submit, onClose, wide = false, cancel = 'Cancel', children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      // Gives the focus back to the element that had it, as when the user presses Escape.
      element?.close();
      if (document.activeElement === document.body) document.getElementById('main')?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={`${id}-title`}
      onClose={onClose}
    >
      <form onSubmit={action.submit}>
        <h2 id={`${id}-title`}>{title}</h2>
        {children}
        <ErrorMessage message={action.error} />
        <div class="actions end">
          <button type="button" onClick={() => dialog.current?.close()}>
            {cancel}
          </button>
          <button
            type="submit"
            class={submit.danger ? 'primary danger' : 'primary'}
            disabled={submit.disabled}
          >
            <Icon name={submit.icon} />
            {submit.text}
          </button>
        </div>
      </form>
    </dialog>
  );
}
