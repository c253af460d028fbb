import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../parts/icons.js';
import { chooseNextTheme, theme } from '../../theme.js';
import { GoDialog } from './go-dialog.js';
import { KeysDialog } from './keys-dialog.js';

const THEME_WORDS = { system: 'as the system', light: 'light', dark: 'dark' } as const;
const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const;

/** The buttons for what a key does in every view, and the dialogs that they open. */
export function Shortcuts(): JSX.Element {
  const [open, setOpen] = useState<'go' | 'keys'>();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const wanted = dialogFor(event);
      // A dialog that is open keeps the keys for itself.
      if (!wanted || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      setOpen(wanted);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  const close = (): void => setOpen(undefined);
  const colours = `Colours: ${THEME_WORDS[theme.value]}`;
  return (
    <>
      <Tool icon="search" text="Go to (Ctrl K)" onClick={() => setOpen('go')} />
      <Tool icon="keys" text="Keys (?)" onClick={() => setOpen('keys')} />
      <Tool icon={THEME_ICONS[theme.value]} text={colours} onClick={chooseNextTheme} />
      {open === 'go' && <GoDialog onClose={close} />}
      {open === 'keys' && <KeysDialog onClose={close} />}
    </>
  );
}

interface ToolProps {
  readonly icon: 'search' | 'keys' | 'system' | 'sun' | 'moon';
  readonly text: string;
  readonly onClick: () => void;
}

const Tool = ({ icon, text, onClick }: ToolProps): JSX.Element => (
  <button type="button" class="quiet" aria-label={text} title={text} onClick={onClick}>
    <Icon name={icon} />
  </button>
);

function dialogFor(event: KeyboardEvent): 'go' | 'keys' | undefined {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') return 'go';
  const { target } = event;
  const isTyping =
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable=true]');
  return event.key === '?' && !isTyping ? 'keys' : undefined;
}
