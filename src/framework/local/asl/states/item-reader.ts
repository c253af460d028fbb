import { bareText, isObject, parseJson, type Json, type JsonObject } from '../values/json.js';
import { StateFailure } from '../runtime/state-failure.js';

/** The items in what an ItemReader reads, and the value to which its ItemsPointer leads, if it has one. */
export interface ReadItems {
  readonly items: Json[];
  readonly pointed?: Json;
}

/** AWS page "ItemReader (Map)": the delimiters of CSV files by their names. */
const DELIMITERS: Readonly<Record<string, string>> = {
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  SPACE: ' ',
  TAB: '\t',
};

/**
 * Finds the items in a text as its source has it: a list in JSON, JSON Lines, or CSV, as the ReaderConfig says.
 * @throws StateFailure States.ItemReaderFailed if the text is none of that kind
 */
export function itemsIn(text: string, reader: Json | undefined): ReadItems {
  const config = isObject(reader) && isObject(reader['ReaderConfig']) ? reader['ReaderConfig'] : {};
  const { items, ...others } = readAs(text, config);
  const { MaxItems: most } = config;
  return { ...others, items: typeof most === 'number' && most > 0 ? items.slice(0, most) : items };
}

function readAs(text: string, config: JsonObject): ReadItems {
  switch (config['InputType']) {
    case 'CSV':
      return { items: fromCsv(text, config) };
    case 'JSONL':
      return { items: text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [parsed(line)])) };
    default:
      return fromJson(parsed(text), config['ItemsPointer']);
  }
}

function parsed(text: string): Json {
  const value = parseJson(text);
  if (value === undefined) throw failed('The data that the ItemReader reads is not valid JSON.');
  return value;
}

function fromJson(value: Json, pointer: Json | undefined): ReadItems {
  const isPointed = typeof pointer === 'string' && pointer !== '';
  const pointed = isPointed ? valueAt(value, pointer) : value;
  if (!Array.isArray(pointed)) throw failed('The data that the ItemReader reads is not a JSON array.');
  return { items: pointed, ...(isPointed && { pointed }) };
}

/** Returns the value to which a JSON Pointer (RFC 6901) leads; null if there is none. */
function valueAt(value: Json, pointer: string): Json {
  let at: Json = value;
  for (const step of pointer.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return null;
    at = (at as JsonObject)[key] ?? null;
  }
  return at;
}

/** Each row is an object. Its keys are in the first row, or in CSVHeaders. */
function fromCsv(text: string, config: JsonObject): Json[] {
  const { CSVDelimiter: delimiter, CSVHeaderLocation: location, CSVHeaders: given } = config;
  const rows = rowsOf(text, (typeof delimiter === 'string' && DELIMITERS[delimiter]) || ',');
  const isGiven = location === 'GIVEN' && Array.isArray(given);
  const names = isGiven ? given.map(bareText) : (rows.shift() ?? []);
  return rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? ''])));
}

/** Reads the rows of a CSV text (RFC 4180). Empty lines are left out. */
function rowsOf(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = new RegExp(`("(?:[^"]|"")*"|[^"${delimiter}\\r\\n]*)(\\${delimiter}|\\r?\\n|$)`, 'gy');
  for (let at = 0; at < text.length; at = cell.lastIndex) {
    const found = cell.exec(text);
    if (!found) throw failed('The data that the ItemReader reads is not valid CSV.');
    const [, field = '', end] = found;
    row.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === delimiter && cell.lastIndex < text.length) continue;
    if (end === delimiter) row.push('');
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

const failed = (cause: string): StateFailure => new StateFailure('States.ItemReaderFailed', cause);
