import type { ComponentChildren, JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons.js';

export interface MenuItem {
  readonly text: ComponentChildren;
  readonly icon: IconName;
  /** Says what it does or, if it is off, why. */
  readonly hint: string;
  readonly isOff?: boolean;
  readonly act: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly class: string;
  readonly items: readonly MenuItem[];
  /** The content of the button that opens the menu. */
  readonly children: ComponentChildren;
}

/** A button that opens a menu. Arrow keys move in it, and Escape gives the focus back to the button. */
export function Menu({ label, class: look, items, children }: MenuProps): JSX.Element {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  /** Puts the menu below the button, before the browser opens it. */
  const place = (): void => {
    if (!list.current || !button.current) return;
    const { bottom, right } = button.current.getBoundingClientRect();
    list.current.style.insetBlockStart = `${bottom + 4}px`;
    list.current.style.left = `max(12px, calc(${right}px - var(--width)))`;
    list.current.style.maxHeight = `calc(100vh - ${bottom + 16}px)`;
  };
  return (
    <>
      <button
        type="button"
        class={look}
        ref={button}
        onClick={place}
        popovertarget={id}
        aria-haspopup="menu"
        aria-label={label}
      >
        {children}
      </button>
      <div
        id={id}
        popover="auto"
        class="menu"
        role="menu"
        aria-label={label}
        ref={list}
        onKeyDown={moveFocus}
        onToggle={({ newState, currentTarget }) =>
          newState === 'open' && entriesOf(currentTarget)[0]?.focus()
        }
      >
        {items.map((item) => (
          <Entry item={item} onChosen={() => list.current?.hidePopover()} />
        ))}
      </div>
    </>
  );
}

const entriesOf = (menu: EventTarget | null): HTMLElement[] =>
  menu instanceof HTMLElement ? [...menu.querySelectorAll<HTMLElement>('[role=menuitem]')] : [];

function moveFocus(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const entries = entriesOf(event.currentTarget);
  const at = entries.findIndex((each) => each === document.activeElement);
  entries.at((at + by) % entries.length)?.focus();
}

interface EntryProps {
  readonly item: MenuItem;
  readonly onChosen: () => void;
}

const Entry = ({ item: { text, icon, hint, isOff = false, act }, onChosen }: EntryProps): JSX.Element => (
  <button
    type="button"
    role="menuitem"
    aria-disabled={isOff}
    onClick={() => {
      if (isOff) return;
      onChosen();
      act();
    }}
  >
    <Icon name={icon} />
    <span>
      {text}
      <span class="faint">{hint}</span>
    </span>
  </button>
);
