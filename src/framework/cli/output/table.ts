import { cutTo, padTo, widthOf } from './cell-text.js';

/** The text of a cell, in a form for much room and in one for little. */
export interface Cell {
  readonly wide: string;
  /** @default the same as `wide` */
  readonly narrow?: string;
  readonly tone?: Tone;
}

export type Tone = 'bad' | 'odd' | 'faint' | 'head';

export interface Column {
  readonly title: Cell;
  /** The cells may be cut to this many columns of the terminal. @default cells are never cut */
  readonly least?: number;
  /**
   * Columns are left out where there is no room for all of them, those with the smallest number first. @default the
   * column always stays
   */
  readonly rank?: number;
  /** True if the column is left out before texts are cut too short to be read. @default false */
  readonly isSpare?: boolean;
}

/**
 * A row: its cells, one for each column. If it has fewer, the last one takes the rest of the line.
 */
export type Row = readonly Cell[];

/** Writes a text in a tone, if colours are wanted. */
export type Paint = (text: string, tone: Tone | undefined) => string;

/**
 * Returns the lines of a table that is at most `width` columns wide. Where there is little room, the narrow forms of the
 * cells are used, then long texts are cut, then columns are left out.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
  paint: Paint,
): string[] {
  const { kept, widths, form, gap } = fit(columns, rows, width);
  const lineOf = (row: Row): string => {
    const isSpread = row.length < columns.length;
    const cells = isSpread ? row : kept.map((index) => row[index] ?? EMPTY);
    let left = width;
    const parts = cells.map((cell, at) => {
      const isLast = at === cells.length - 1;
      const room = isLast && isSpread ? left : Math.min(left, widths[at] ?? 0);
      const text = cutTo(form(cell), room);
      left -= room + gap;
      return paint(isLast ? text : padTo(text, room), cell.tone);
    });
    return parts.join(' '.repeat(gap)).trimEnd();
  };
  const head = columns.map(({ title }) => ({ ...title, tone: 'head' as const }));
  return [head, ...rows].map(lineOf);
}

const EMPTY: Cell = { wide: '' };

interface Fit {
  /** The indexes of the columns that are shown. */
  readonly kept: readonly number[];
  readonly widths: readonly number[];
  readonly form: (cell: Cell) => string;
  readonly gap: number;
}

const wide = (cell: Cell): string => cell.wide;
const narrow = (cell: Cell): string => cell.narrow ?? cell.wide;

/** Texts aren't cut below this while there are wide cells, and below the second while there are spare columns. */
const [COMFORT, LESS_COMFORT] = [24, 14];

/**
 * Returns the form of the table with the most text that fits: wide cells, narrow ones, or some columns left out. If none
 * fits, the lines are cut at the edge.
 */
function fit(columns: readonly Column[], rows: readonly Row[], width: number): Fit {
  const all = [...columns.keys()];
  const attempt = (kept: readonly number[], form: Fit['form'], comfort: number): Fit | undefined => {
    const gap = form === wide ? 2 : 1;
    const natural = kept.map((index) => naturalWidth(columns[index], rows, index, form));
    const least = kept.map((index) => leastWidth(columns[index], comfort, form));
    const widths = share(natural, least, width - gap * (kept.length - 1));
    return widths && { kept, widths, form, gap };
  };
  const spare = columns.filter((each) => each.isSpare).length;
  const shorter = lists(columns);
  return (
    attempt(all, wide, COMFORT) ??
    firstOf(shorter.slice(0, spare + 1), (kept) => attempt(kept, narrow, LESS_COMFORT)) ??
    firstOf(shorter.slice(spare), (kept) => attempt(kept, narrow, 0)) ?? {
      ...{ kept: shorter.at(-1) ?? all, widths: all.map(() => width), form: narrow, gap: 1 },
    }
  );
}

/** Returns the indexes of all columns, then those that are left without one, without two and so on, by their ranks. */
function lists(columns: readonly Column[]): number[][] {
  const rankOf = (index: number): number => (columns[index]?.isSpare ? 0 : (columns[index]?.rank ?? 0));
  const all = [...columns.keys()];
  const byRank = all
    .filter((index) => columns[index]?.rank !== undefined)
    .toSorted((a, b) => rankOf(a) - rankOf(b));
  return [0, ...byRank.keys()].map((_, left) => {
    const without = new Set(byRank.slice(0, left));
    return all.filter((index) => !without.has(index));
  });
}

function firstOf<T, R>(list: readonly T[], read: (each: T) => R | undefined): R | undefined {
  for (const each of list) {
    const found = read(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

function naturalWidth(
  column: Column | undefined,
  rows: readonly Row[],
  index: number,
  form: Fit['form'],
): number {
  // The last cell of a row that takes the rest of the line is in no column.
  const cells = rows.flatMap((row) => (index < row.length - 1 || row.length > 2 ? (row[index] ?? []) : []));
  return Math.max(...[column?.title ?? EMPTY, ...cells].map((cell) => widthOf(form(cell))));
}

const leastWidth = (column: Column | undefined, comfort: number, form: Fit['form']): number =>
  column?.least === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(column.least, comfort, widthOf(form(column.title)));

/**
 * Returns a width for each column: its natural one or, where the sum of these exceeds `room`, a smaller one, the widest
 * being cut first, but none below its least. Returns undefined if even the least ones exceed the room.
 */
function share(natural: readonly number[], least: readonly number[], room: number): number[] | undefined {
  const widths = [...natural];
  let over = widths.reduce((sum, each) => sum + each, 0) - room;
  while (over > 0) {
    const slack = widths.map((each, at) => each - (least[at] ?? each));
    const widest = slack.indexOf(Math.max(...slack));
    if ((slack[widest] ?? 0) <= 0) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over--;
  }
  return widths;
}
