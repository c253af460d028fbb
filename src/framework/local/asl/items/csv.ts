import { inHashOrder } from '../values/hash-order.js';
import { setOwn, type JsonObject } from '../values/json.js';
import { readerFailure } from './item.js';
import { checkLength, linesOf } from './lines.js';

/** AWS page "ItemReader (Map)": the delimiters of CSV files by their names. */
export const DELIMITERS: Readonly<Record<string, string>> = {
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  SPACE: ' ',
  TAB: '\t',
};

/** The most bytes of the headers of a CSV file. AWS page "ItemReader (Map)". */
const HEADER_BYTES = 10 * 1024;

export interface CsvFormat {
  readonly delimiter: string;
  /** The names of the columns; undefined if they are in the first row. */
  readonly headers: readonly string[] | undefined;
}

/**
 * Yields the rows of a CSV file as objects. Recorded from the live service: all values are strings, a column that a row
 * doesn't have is empty, cells without a header are left out, and the keys have the order of a Java HashMap.
 * @throws StateFailure if headers are repeated, or a quoted cell doesn't end
 */
export async function* csvItems(
  chunks: AsyncIterable<string>,
  { delimiter, headers }: CsvFormat,
): AsyncGenerator<JsonObject[]> {
  let columns = headers && columnsOf(headers);
  for await (const rows of rowsOf(chunks, delimiter)) {
    columns ??= columnsOf(rows.shift() ?? []);
    const known = columns;
    yield rows.map((row) => objectOf(row, known));
  }
}

type Columns = readonly (readonly [name: string, index: number])[];

function columnsOf(names: readonly string[]): Columns {
  if (new Set(names).size < names.length) throw readerFailure('CSV headers cannot contain duplicates.');
  if (Buffer.byteLength(names.join(',')) > HEADER_BYTES)
    throw readerFailure(`CSV headers cannot have more than ${HEADER_BYTES} bytes.`);
  return inHashOrder(names).map((name) => [name, names.indexOf(name)]);
}

function objectOf(row: readonly string[], columns: Columns): JsonObject {
  const made: JsonObject = {};
  for (const [name, index] of columns) setOwn(made, name, row[index] ?? '');
  return made;
}

/** Yields the rows (RFC 4180), as many at once as each chunk completes. Empty lines are left out. */
export async function* rowsOf(chunks: AsyncIterable<string>, delimiter: string): AsyncGenerator<string[][]> {
  /** The beginning of a row that has a line break in a quoted cell. */
  let open: string | undefined;
  for await (const lines of linesOf(chunks)) {
    const rows: string[][] = [];
    for (const line of lines) {
      const text: string = open === undefined ? line : `${open}\n${line}`;
      if (text === '') continue;
      // Without another quote an open cell doesn't end.
      const row = open === undefined || line.includes('"') ? cellsOf(text, delimiter) : undefined;
      if (row) rows.push(row);
      else checkLength(text, 'row');
      open = row ? undefined : text;
    }
    if (rows.length > 0) yield rows;
  }
  if (open !== undefined) throw readerFailure('The data that the ItemReader reads is not valid CSV.');
}

/** Splits a row into its cells. Returns undefined if the row ends inside a quoted cell. */
function cellsOf(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter);
  const cells: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    const quoted = text[at] === '"' ? quotedCell(text, at) : { value: '', end: at };
    if (!quoted) return undefined;
    const next = text.indexOf(delimiter, quoted.end);
    const end = next < 0 ? text.length : next;
    cells.push(quoted.value + text.slice(quoted.end, end));
    at = end;
  }
  return cells;
}

/** Reads the quoted cell at a place. Returns undefined if no quote closes it. */
function quotedCell(text: string, at: number): { value: string; end: number } | undefined {
  let value = '';
  for (let from = at + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return undefined;
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}
