import type { ComponentChildren, JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { count, nameIn } from '../../model/format.js';
import { STATUSES, wordOf } from '../../parts/status.js';
import { Total } from '../../parts/tables/total.js';
import type { ExecutionList } from '../../service/topics.js';
import { AGES, type Filter } from './filter.js';

interface FiltersProps {
  readonly filter: Filter;
  readonly onFilter: (change: Partial<Filter>) => void;
  readonly list: ExecutionList;
  /** The number of executions that fit the filter, and of those that the service has sent. */
  readonly found: number;
  readonly shown: number;
}

/** The fields by which the list of executions is filtered. */
export function Filters({ filter, onFilter, list, found, shown }: FiltersProps): JSX.Element {
  const machines = useMemo(() => [...new Set(list.rows.map(({ machine }) => machine))].toSorted(), [list]);
  const shared = { filter, onFilter };
  const older = list.older > 0 ? `, and ${list.older.toLocaleString('en')} older` : '';
  const all = count(list.rows.length, 'execution');
  const cut = shown < found ? `, the latest ${shown.toLocaleString('en')} shown` : '';
  return (
    <div class="filters" role="search" aria-label="Executions">
      <Select {...shared} field="status" label="Status">
        {STATUSES.map((status) => (
          <option value={status}>{wordOf(status)}</option>
        ))}
        <option value="KEPT">Kept</option>
      </Select>
      <Select {...shared} field="machine" label="Machine">
        {machines.map((arn) => (
          <option value={arn}>{nameIn(arn)}</option>
        ))}
      </Select>
      <Select {...shared} field="started" label="Started">
        {Object.entries(AGES).map(([value, [word]]) => (
          <option value={value}>{word}</option>
        ))}
      </Select>
      <Search {...shared} field="name" label="Name" />
      <Search {...shared} field="error" label="Error" />
      <Search {...shared} field="input" label="Input" />
      <Total
        text={`${found === list.rows.length ? all : `${found.toLocaleString('en')} of ${all}`}${older}${cut}`}
        filter={Object.values(filter).join(' ')}
      />
    </div>
  );
}

interface FieldProps extends Pick<FiltersProps, 'filter' | 'onFilter'> {
  readonly field: keyof Filter;
  readonly label: string;
}

const Select = ({
  filter,
  onFilter,
  field,
  label,
  children,
}: FieldProps & { readonly children: ComponentChildren }): JSX.Element => (
  <label>
    <span>{label}</span>
    <select value={filter[field]} onChange={(event) => onFilter({ [field]: event.currentTarget.value })}>
      <option value="">Any</option>
      {children}
    </select>
  </label>
);

const Search = ({ filter, onFilter, field, label }: FieldProps): JSX.Element => (
  <label class="grow">
    <span>{label}</span>
    <input
      type="search"
      value={filter[field]}
      onInput={(event) => onFilter({ [field]: event.currentTarget.value })}
      placeholder="Part of it"
    />
  </label>
);
