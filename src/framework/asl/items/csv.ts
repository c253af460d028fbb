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

/** Yields the rows, as many at once as each chunk completes. Empty lines are left out. */
export async function* rowsOf(chunks: AsyncIterable<string>, delimiter: string): AsyncGenerator<string[][]> {
  const parser = new RowParser(delimiter);
  for await (const lines of linesOf(chunks)) {
    const rows = lines.flatMap((line) => parser.add(line));
    if (rows.length > 0) yield rows;
  }
  if (parser.isOpen) throw readerFailure('The data that the ItemReader reads is not valid CSV.');
}

/**
 * Splits lines into cells. AWS page "How Step Functions parses input CSV files": a quoted cell may contain line breaks, two
 * quotes in it are one, and a character behind a backslash stands for itself.
 */
class RowParser {
  readonly #special: RegExp;
  #cells: string[] = [];
  #cell = '';
  /** The number of characters of a row that goes on in the next line. */
  #length = 0;
  /** True inside a quoted cell, which goes on in the next line. */
  isOpen = false;

  constructor(private readonly delimiter: string) {
    this.#special = new RegExp(`["\\\\${delimiter}]`, 'g');
  }

  /** Returns the row that ends with this line, in a list; an empty list if none does. */
  add(line: string): string[][] {
    if (!this.isOpen && line === '') return [];
    if (!this.isOpen && !/["\\]/.test(line)) return [line.split(this.delimiter)];
    this.#read(line);
    if (this.isOpen) {
      this.#cell += '\n';
      checkLength((this.#length += line.length + 1), 'A row of the file');
      return [];
    }
    const row = [...this.#cells, this.#cell];
    [this.#cells, this.#cell, this.#length] = [[], '', 0];
    return [row];
  }

  #read(line: string): void {
    /** The place where the cell begins, -1 if it does in an earlier line; and the place up to which the line is read. */
    let [begin, from] = [this.isOpen ? -1 : 0, 0];
    for (const { 0: char, index: at } of line.matchAll(this.#special)) {
      if (at < from) continue;
      this.#cell += line.slice(from, at);
      from = at + 1;
      const isDoubled = this.isOpen && char === '"' && line[from] === '"';
      if (char === '\\' || isDoubled) this.#cell += line.charAt(from++);
      else if (char === '"' && (this.isOpen || at === begin)) this.isOpen = !this.isOpen;
      else if (char === '"' || this.isOpen) this.#cell += char;
      else {
        this.#cells.push(this.#cell);
        [this.#cell, begin] = ['', from];
      }
    }
    this.#cell += line.slice(from);
  }
}
