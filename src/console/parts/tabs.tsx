import type { JSX } from 'preact';

interface TabsProps<Tab extends string> {
  /** The labels of the tabs, by the names of the tabs. */
  readonly tabs: Readonly<Record<Tab, string>>;
  readonly shown: Tab;
  readonly onShow: (tab: Tab) => void;
}

export function Tabs<Tab extends string>({ tabs, shown, onShow }: TabsProps<Tab>): JSX.Element {
  return (
    <div class="tabs" role="tablist" aria-label="Show">
      {(Object.keys(tabs) as Tab[]).map((each) => (
        <button type="button" role="tab" aria-selected={shown === each} onClick={() => onShow(each)}>
          {tabs[each]}
        </button>
      ))}
    </div>
  );
}
