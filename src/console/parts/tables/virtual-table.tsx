import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { keepScroll, keptScroll } from '../../place.js';
import { type Column, ColumnHead, sortOf } from './sorting.js';

interface VirtualTableProps<T> extends TableSize<T> {
  /** The table's name in the style sheet. */
  readonly name: string;
  readonly label: string;
  readonly columns: readonly (string | Column<T>)[];
  readonly row: (item: T, index: number) => ComponentChildren;
  /** Shown in place of the rows if there are no items. */
  readonly empty: ComponentChildren;
  /** The key of the item to which the page's URL leads. A new view is scrolled to it when it is first there. */
  readonly linked?: string | number | undefined;
}

interface TableSize<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  /** The height of a collapsed row, in pixels. */
  readonly rowHeight: number;
  /** The keys of the items whose rows are expanded. */
  readonly unfolded?: ReadonlySet<string | number>;
  /** The additional height of an expanded row, in pixels. */
  readonly unfoldedHeight?: number;
}

/**
 * The number of invisible rows that are rendered above the visible ones, and the number below them, so that scrolling
 * shows no gap.
 */
const SPARE = 8;

/** A table that renders only the visible rows, so that ten thousand rows cost no more than forty. */
export function VirtualTable<T>(props: VirtualTableProps<T>): JSX.Element {
  const { items, keyOf, rowHeight, row, label, columns, empty, name } = props;
  const { element, seen, onScroll } = useScroll();
  const focused = useRef<string | number | undefined>(undefined);
  const { rows, height } = layOutRows(props, seen, focused.current);
  useKeptPlace(props, element, onScroll);
  return (
    <div class={`rows rows-${name}`} role="table" aria-label={label} aria-rowcount={items.length + 1}>
      <div class="row head" role="row" aria-rowindex={1}>
        {columns.map((column) =>
          typeof column === 'string' ? (
            <span role="columnheader">{column}</span>
          ) : (
            <span role="columnheader" aria-sort={sortOf(column)}>
              <ColumnHead column={column} table={name} />
            </span>
          ),
        )}
      </div>
      {items.length === 0 && <div class="empty">{empty}</div>}
      <div
        class="view"
        ref={element}
        onScroll={() => {
          keepScroll(name, element.current?.scrollTop ?? 0);
          onScroll();
        }}
        onFocusOut={() => (focused.current = undefined)}
        tabIndex={items.length > 0 ? 0 : -1}
        role="rowgroup"
        aria-label={label}
      >
        <div class="all" style={{ height: `${height}px` }} role="presentation">
          {rows.map(({ item, index, top }) => (
            <div
              key={keyOf(item)}
              class="row"
              role="row"
              onFocusIn={() => (focused.current = keyOf(item))}
              aria-rowindex={index + 2}
              style={{ top: `${top}px`, minHeight: `${rowHeight}px` }}
            >
              {row(item, index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

/** The part of the table that is visible, in pixels from its top. */
interface Seen {
  readonly top: number;
  readonly height: number;
}

/** The part of a scrolled element that is visible. */
interface Scroll {
  readonly element: RefObject<HTMLDivElement | null>;
  readonly seen: Seen;
  readonly onScroll: () => void;
}

export function useScroll(): Scroll {
  const element = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState<Seen>({ top: 0, height: 600 });
  const measure = (): void => {
    if (element.current) setSeen({ top: element.current.scrollTop, height: element.current.clientHeight });
  };
  useEffect(() => {
    if (!element.current) return undefined;
    const watch = new ResizeObserver(measure);
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return { element, seen, onScroll: measure };
}

/**
 * Keeps the place in a table: scrolls to the linked item or to where the table was left, and shows the same rows when
 * others arrive above them.
 */
function useKeptPlace<T>(
  { name, items, keyOf, rowHeight, linked }: VirtualTableProps<T>,
  element: RefObject<HTMLDivElement | null>,
  onScroll: () => void,
): void {
  const first = useRef<string | number | undefined>(undefined);
  const isRestored = useRef(false);
  useLayoutEffect(() => {
    const { current: view } = element;
    const [head] = items;
    if (!view || head === undefined) return;
    const added = first.current === undefined ? 0 : items.findIndex((item) => keyOf(item) === first.current);
    first.current = keyOf(head);
    const kept = linked === undefined ? (keptScroll(name) ?? 0) : keptScroll(name);
    const linkedAt = kept === undefined ? items.findIndex((item) => keyOf(item) === linked) : -1;
    if (!isRestored.current && (kept !== undefined || linkedAt >= 0)) {
      isRestored.current = true;
      view.scrollTop = kept ?? linkedAt * rowHeight;
      if (kept === undefined) view.scrollIntoView({ block: 'nearest' });
      onScroll();
    } else if (added > 0 && view.scrollTop > 0) view.scrollTop += added * rowHeight;
  }, [items]);
}

interface Layout<T> {
  readonly rows: { readonly item: T; readonly index: number; readonly top: number }[];
  readonly height: number;
}

function layOutRows<T>(
  { items, keyOf, rowHeight, unfolded, unfoldedHeight = 0 }: TableSize<T>,
  seen: Seen,
  focused: string | number | undefined,
): Layout<T> {
  const taller: number[] = [];
  if (unfolded && unfolded.size > 0)
    for (const [index, item] of items.entries()) if (unfolded.has(keyOf(item))) taller.push(index);
  const topOf = (index: number): number =>
    index * rowHeight + taller.filter((each) => each < index).length * unfoldedHeight;
  const first = Math.max(0, Math.floor((seen.top - taller.length * unfoldedHeight) / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((seen.top + seen.height) / rowHeight) + SPARE);
  const isSeen = (top: number): boolean =>
    top < seen.top + seen.height + SPARE * rowHeight && top > seen.top - unfoldedHeight - SPARE * rowHeight;
  const near = items.slice(first, last).map((item, i) => ({ item, index: first + i, top: topOf(first + i) }));
  const rows = near.filter(({ top }) => isSeen(top));
  // The row with the focus is rendered wherever it is: without it the focus would be lost.
  if (focused !== undefined && !rows.some(({ item }) => keyOf(item) === focused)) {
    const index = items.findIndex((item) => keyOf(item) === focused);
    const item = items[index];
    if (item !== undefined) rows.push({ item, index, top: topOf(index) });
  }
  return { rows, height: topOf(items.length) };
}
