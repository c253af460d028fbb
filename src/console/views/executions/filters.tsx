import type { JSX } from 'preact';
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

type Choices = readonly (readonly [value: string, word: string])[];

const STATUS_CHOICES: Choices = STATUSES.map((status) => [status, wordOf(status)] as const);
const AGE_CHOICES: Choices = Object.entries(AGES).map(([value, [word]]) => [value, word]);

/** The fields by which the list of executions is filtered, in one row. */
export function Filters({ filter, onFilter, list, found, shown }: FiltersProps): JSX.Element {
  const machines = useMemo(
    () =>
      [...new Set(list.rows.map(({ machine }) => machine))]
        .toSorted()
        .map((arn) => [arn, nameIn(arn)] as const),
    [list],
  );
  const older = list.older > 0 ? `, and ${list.older.toLocaleString('en')} older` : '';
  const all = count(list.rows.length, 'execution');
  const cut = shown < found ? `, the latest ${shown.toLocaleString('en')} shown` : '';
  const select = (field: keyof Filter, label: string, choices: Choices): JSX.Element => (
    <select
      aria-label={label}
      value={filter[field]}
      onChange={(event) => onFilter({ [field]: event.currentTarget.value })}
    >
      <option value="">{label}: any</option>
      {choices.map(([value, word]) => (
        <option value={value}>{word}</option>
      ))}
    </select>
  );
  const search = (field: keyof Filter, label: string): JSX.Element => (
    <input
      type="search"
      aria-label={label}
      placeholder={label}
      value={filter[field]}
      onInput={(event) => onFilter({ [field]: event.currentTarget.value })}
    />
  );
  return (
    <div class="filters" role="search" aria-label="Executions">
      {select('status', 'Status', STATUS_CHOICES)}
      {select('machine', 'Machine', machines)}
      {select('started', 'Started', AGE_CHOICES)}
      {search('name', 'Name')}
      {search('error', 'Error')}
      {search('input', 'Input')}
      <Total
        text={`${found === list.rows.length ? all : `${found.toLocaleString('en')} of ${all}`}${older}${cut}`}
        filter={Object.values(filter).join(' ')}
      />
    </div>
  );
}
