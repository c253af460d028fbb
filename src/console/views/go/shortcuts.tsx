import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon, type IconName } from '../../parts/icons.js';
import { chooseNextTheme, theme } from '../../theme.js';
import { GoDialog } from './go-dialog.js';

const THEME_WORDS = { system: 'as the system', light: 'light', dark: 'dark' } as const;
const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const;

/** The buttons that every view has: one for the dialog that Ctrl K opens too, and one for the colours. */
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
  const colours = `Colours: ${THEME_WORDS[theme.value]}`;
  return (
    <>
      <Tool icon="search" text="Go to (Ctrl K)" onClick={() => setOpen(true)} />
      <Tool icon={THEME_ICONS[theme.value]} text={colours} onClick={chooseNextTheme} />
      {isOpen && <GoDialog onClose={() => setOpen(false)} />}
    </>
  );
}

interface ToolProps {
  readonly icon: IconName;
  readonly text: string;
  readonly onClick: () => void;
}

const Tool = ({ icon, text, onClick }: ToolProps): JSX.Element => (
  <button type="button" class="quiet" aria-label={text} title={text} onClick={onClick}>
    <Icon name={icon} />
  </button>
);
