import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface RowsProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  readonly rowHeight: number;
  /** Those that are unfolded, by their keys, and how much taller each is then. */
  readonly unfolded?: ReadonlySet<string | number>;
  readonly unfoldedHeight?: number;
  readonly row: (item: T, index: number) => ComponentChildren;
  readonly label: string;
  readonly columns: readonly string[];
  readonly empty: ComponentChildren;
  /** Keeps the end in view as items come. */
  readonly atEnd?: boolean;
  readonly name: string;
}

/** Rows painted above and below what is seen. */
const SPARE = 8;

/** A table of which only the rows in view are on the page: ten thousand cost no more than forty. */
export function Rows<T>(props: RowsProps<T>): JSX.Element {
  const { items, keyOf, rowHeight, unfolded, unfoldedHeight = 0, row, label, columns, empty } = props;
  const view = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  const stuck = useRef(true);
  useEffect(() => {
    const element = view.current;
    if (!element) return undefined;
    const look = (): void => setSeen({ top: element.scrollTop, height: element.clientHeight });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const taller: number[] = [];
  if (unfolded && unfolded.size > 0)
    for (const [index, item] of items.entries()) if (unfolded.has(keyOf(item))) taller.push(index);
  const topOf = (index: number): number =>
    index * rowHeight + taller.filter((each) => each < index).length * unfoldedHeight;
  const total = topOf(items.length);
  const first = Math.max(0, Math.floor((seen.top - taller.length * unfoldedHeight) / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((seen.top + seen.height) / rowHeight) + SPARE);
  const shown = items.slice(first, last).flatMap((item, i) => {
    const index = first + i;
    const top = topOf(index);
    const isSeen =
      top < seen.top + seen.height + SPARE * rowHeight && top > seen.top - unfoldedHeight - SPARE * rowHeight;
    return isSeen ? [{ item, index, top }] : [];
  });
  const { atEnd = false } = props;
  useEffect(() => {
    const element = view.current;
    if (atEnd && stuck.current && element) element.scrollTop = element.scrollHeight;
  }, [atEnd, total]);
  const onScroll = (): void => {
    const element = view.current;
    if (!element) return;
    stuck.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight;
    setSeen({ top: element.scrollTop, height: element.clientHeight });
  };
  return (
    <div class={`rows rows-${props.name}`} role="table" aria-label={label} aria-rowcount={items.length + 1}>
      <div class="row head" role="row" aria-rowindex={1}>
        {columns.map((column) => (
          <span role="columnheader">{column}</span>
        ))}
      </div>
      {items.length === 0 && <div class="empty">{empty}</div>}
      <div
        class="view"
        ref={view}
        onScroll={onScroll}
        tabIndex={items.length > 0 ? 0 : -1}
        role="rowgroup"
        aria-label={label}
      >
        <div class="all" style={{ height: `${total}px` }} role="presentation">
          {shown.map(({ item, index, top }) => (
            <div
              key={keyOf(item)}
              class="row"
              role="row"
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
