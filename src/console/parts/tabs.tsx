import type { JSX } from 'preact';

interface TabsProps<Tab extends string> {
  /** The labels of the tabs, by the names of the tabs. */
  readonly tabs: Readonly<Partial<Record<Tab, string>>>;
  readonly shown: Tab;
  readonly onShow: (tab: Tab) => void;
}

/** Tabs. The Tab key reaches the one that is shown; arrow keys, Home and End show another. */
export function Tabs<Tab extends string>({ tabs, shown, onShow }: TabsProps<Tab>): JSX.Element {
  const names = Object.keys(tabs) as Tab[];
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = nextIndex(event.key, names.indexOf(shown), names.length);
    const next = at === undefined ? undefined : names[at];
    if (at === undefined || next === undefined) return;
    event.preventDefault();
    onShow(next);
    const list = event.currentTarget as HTMLElement;
    list.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Show" onKeyDown={onKeyDown}>
      {names.map((each) => (
        <button
          type="button"
          role="tab"
          aria-selected={shown === each}
          tabIndex={shown === each ? 0 : -1}
          onClick={() => onShow(each)}
        >
          {tabs[each]}
        </button>
      ))}
    </div>
  );
}

function nextIndex(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowRight') return (at + 1) % count;
  if (key === 'ArrowLeft') return (at + count - 1) % count;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}
