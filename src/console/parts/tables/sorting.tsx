import type { ComponentChildren, JSX } from 'preact';
import { keepScroll } from '../../place.js';
import { queryField, setQuery } from '../../route.js';

/** A column of a table. The table can be sorted by it if it has a value for each item. */
export interface Column<T> {
  readonly label: string;
  readonly value?: (item: T) => string | number;
  readonly cell: (item: T) => ComponentChildren;
  /** `number` for a column of numbers, `spare` for one that a narrow screen has no room for. */
  readonly class?: string;
}

type Direction = 'ascending' | 'descending';

/** Returns the direction in which the table is sorted by a column. The page's URL says it: `?sort=-Started`. */
export function sortOf({ label, value }: Column<never>): Direction | 'none' | undefined {
  if (!value) return undefined;
  const field = queryField('sort');
  return field === label ? 'ascending' : field === `-${label}` ? 'descending' : 'none';
}

/**
 * Returns the items in the order of the column by which the table is sorted. Those without a value come last, and equal
 * ones stay as they are.
 */
export function sorted<T>(items: readonly T[], columns: readonly Column<T>[]): readonly T[] {
  const by = columns.find((column) => (sortOf(column) ?? 'none') !== 'none');
  if (!by?.value) return items;
  const { value } = by;
  const sign = sortOf(by) === 'ascending' ? 1 : -1;
  const valued = items.map((item) => ({ item, of: value(item) }));
  const last = ({ of }: { readonly of: string | number }): number => (of === '' ? 1 : 0);
  const compare = (a: string | number, b: string | number): number => (a === b ? 0 : a < b ? -sign : sign);
  return valued.toSorted((a, b) => last(a) - last(b) || compare(a.of, b.of)).map(({ item }) => item);
}

interface HeadProps {
  readonly column: Column<never>;
  /** The name of the table whose place is kept. */
  readonly table: string;
}

/** The head of a column. A click sorts the table the one way, then the other, then in its own order again. */
export function ColumnHead({ column, table }: HeadProps): JSX.Element {
  const { label } = column;
  const direction = sortOf(column);
  if (direction === undefined) return <>{label}</>;
  const next = { none: label, ascending: `-${label}`, descending: undefined }[direction];
  const sort = (): void => {
    keepScroll(table, 0);
    setQuery({ sort: next });
  };
  return (
    <button type="button" class="sort" onClick={sort}>
      {label}
      <span aria-hidden="true">{{ none: '', ascending: ' ↑', descending: ' ↓' }[direction]}</span>
    </button>
  );
}
