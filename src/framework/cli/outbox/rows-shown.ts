import { plainText } from '../output/cell-text.js';
import { paintFor } from '../output/paint.js';
import { type Cell, type Column, type Row, tableLines } from '../output/table.js';
import type { Holder, HolderState } from './holders.js';
import type { KeptRow } from './kept-rows.js';

const COLUMNS: readonly Column[] = [
  { title: { wide: 'ID' } },
  { title: { wide: 'HANDLER' }, least: 10 },
  { title: { wide: 'ACTIVITY' }, least: 8, rank: 1 },
  { title: { wide: 'OUTCOME' }, least: 9 },
  { title: { wide: 'DECIDED' }, rank: 2 },
  { title: { wide: 'STATE' }, least: 8 },
];

const STATES: Readonly<Record<HolderState, string>> = {
  lives: 'a worker reports it',
  left: 'its worker has ended',
  'given-up': 'given up',
};

/** An outcome that is kept, and who reports it. */
export interface HeldRow {
  readonly row: KeptRow;
  readonly holder: Holder;
}

/** Returns the table of the outcomes. Of a value and a token it shows nothing. */
export function rowsTable(rows: readonly HeldRow[], out: NodeJS.WriteStream): string {
  const width = out.isTTY && out.columns > 0 ? out.columns : Number.POSITIVE_INFINITY;
  const lines = tableLines(COLUMNS, rows.map(cellsOf), width, paintFor(out));
  return `${lines.join('\n')}\n`;
}

/** Returns the outcomes as one line of JSON. */
export const rowsJson = (rows: readonly HeldRow[]): string =>
  `${JSON.stringify(
    rows.map(({ row: { id, task }, holder: { state, worker } }) => ({
      id,
      ...(task && { ...task, decidedAt: timeOf(task.decidedAt) }),
      state,
      worker,
    })),
  )}\n`;

/** Returns the words for an outcome in a line: its ID and its handler. */
export const nameOf = ({ id, task }: KeptRow): string =>
  `${id} ${plainText(task?.handler ?? '(unreadable)')}`;

function cellsOf({ row: { id, task }, holder: { state, worker } }: HeldRow): Row {
  const held = state === 'left' && worker !== undefined ? `${STATES[state]}: ${worker}` : STATES[state];
  return [
    { wide: id },
    cell(task?.handler ?? '(unreadable)'),
    cell(task?.activityArn.split(':').at(-1) ?? '–'),
    cell(task ? [task.status, task.error].filter(Boolean).join(': ') : '–'),
    { wide: task ? timeOf(task.decidedAt) : '–' },
    cell(held),
  ];
}

const cell = (text: string): Cell => ({ wide: plainText(text) });

/** The largest time of a `Date`, in epoch milliseconds. */
const MOST_TIME = 8.64e15;
const timeOf = (ms: number): string =>
  new Date(Math.min(ms, MOST_TIME)).toISOString().replace(/\.\d+Z$/, 'Z');
