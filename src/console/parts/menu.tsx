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
  const entries = (): HTMLElement[] => [
    ...(list.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? []),
  ];
  /** Puts the menu below the button, before the browser opens it. */
  const place = (): void => {
    if (!list.current || !button.current) return;
    const { bottom, right } = button.current.getBoundingClientRect();
    list.current.style.insetBlockStart = `${bottom + 4}px`;
    list.current.style.left = `max(12px, calc(${right}px - var(--width)))`;
    list.current.style.maxHeight = `calc(100vh - ${bottom + 16}px)`;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const all = entries();
    const at = all.findIndex((each) => each === document.activeElement);
    all.at((at + by) % all.length)?.focus();
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
        onKeyDown={onKeyDown}
        onToggle={({ newState }) => newState === 'open' && entries()[0]?.focus()}
      >
        {items.map((item) => (
          <Entry item={item} onChosen={() => list.current?.hidePopover()} />
        ))}
      </div>
    </>
  );
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
