import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../parts/icons.js';
import { GoDialog } from './go-dialog.js';

const GO_TO = 'Go to (Ctrl K)';

/** The button for the dialog that Ctrl K opens too. */
export function Shortcuts(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isAsked = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
      // A dialog that is open keeps the keys for itself.
      if (!isAsked || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <button type="button" class="quiet" aria-label={GO_TO} title={GO_TO} onClick={() => setOpen(true)}>
        <Icon name="search" />
      </button>
      {isOpen && <GoDialog onClose={() => setOpen(false)} />}
    </>
  );
}
