import type { JSX } from 'preact';
import { type Column, ColumnHead, sorted, sortOf } from './sorting.js';
import { Table } from './table.js';

interface ListTableProps<T> {
  readonly caption: string;
  readonly class?: string;
  readonly items: readonly T[];
  /** @default the rows keep their places */
  readonly keyOf?: (item: T) => string;
  /** The first column has the name of each row. */
  readonly columns: readonly Column<T>[];
  readonly isChosen?: (item: T) => boolean;
}

/** A table with a row for each item. A click on the head of a column that has values sorts it. */
export function ListTable<T>(props: ListTableProps<T>): JSX.Element {
  const { caption, class: name, items, keyOf, columns, isChosen } = props;
  return (
    <Table caption={caption} class={name}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col" class={column.class} aria-sort={sortOf(column)}>
              <ColumnHead column={column} table={caption} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sorted(items, columns).map((item) => (
          <tr key={keyOf?.(item)} class={isChosen?.(item) ? 'chosen' : ''}>
            {columns.map((column, i) =>
              i === 0 ? (
                <th scope="row" class={column.class}>
                  {column.cell(item)}
                </th>
              ) : (
                <td class={column.class}>{column.cell(item)}</td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** A number of failures: red, unless there are none. */
export const Failures = ({ n }: { readonly n: number }): JSX.Element => (
  <span class={n > 0 ? 'bad' : 'faint'}>{n.toLocaleString('en')}</span>
);
