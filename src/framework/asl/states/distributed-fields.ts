import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';
import type { Language, WholeNumber } from '../definition/query-language.js';
import type { Reader } from '../definition/reader.js';
import type { Expression } from '../expression.js';
import { DELIMITERS } from '../items/csv.js';
import type { ReadFormat } from '../items/item-reader.js';
import type { WriterConfig } from '../items/map-results.js';
import { bareText } from '../values/json.js';

/** The ways in which a Map reads its items, in the order of the fields. */
export interface ItemReader extends ReadFormat {
  readonly args: Expression;
  readonly maxItems: Expression | undefined;
}

export interface ItemBatcher {
  readonly maxItems: Expression | undefined;
  readonly maxBytes: Expression | undefined;
  readonly batchInput: Expression | undefined;
}

export interface ResultWriter {
  /** Undefined if the results become the state's result. */
  readonly args: Expression | undefined;
  readonly config: WriterConfig;
}

/** The most characters of a Label, and those that it must not have. AWS page "Using Map state in Distributed mode". */
const LONGEST_LABEL = 40;
// oxlint-disable-next-line no-control-regex -- it has to find control characters
const NOT_IN_LABEL = /[\s?*<>{}[\]:;,\\|^~$#%&`"\u0000-\u001f\u007f-\u009f]/;

/** @param others the Labels of the machine that were read before. API reference of Step Functions: none appears twice */
export function readLabel(reader: Reader, others: Set<string>): string | undefined {
  const label = reader.string('Label');
  if (label === undefined) return undefined;
  if (label.length === 0 || label.length > LONGEST_LABEL)
    reader.problem(`A Label has 1 to ${LONGEST_LABEL} characters`, 'Label');
  const [wrong] = NOT_IN_LABEL.exec(label) ?? [];
  if (wrong !== undefined) reader.problem(`A Label must not contain ${JSON.stringify(wrong)}`, 'Label');
  if (others.has(label)) reader.problem(`The Label '${label}' appears more than once`, 'Label');
  others.add(label);
  return label;
}

/**
 * Returns the rule of a number. Recorded from the live service: its path may also lead to a string that contains it, and
 * any other value fails with this message.
 * @param kind `integer`, or `float` if it may have a fraction
 */
export const numberIn = (field: string, min: number, max: number, kind = 'integer'): WholeNumber => ({
  min,
  max,
  fraction: kind === 'float',
  inText: true,
  wrong: (path, value) =>
    `The ${field}Path field refers to value "${bareText(value)}" which is not a valid ${kind}: ${path}`,
});

const argumentsOf = (language: Language): string =>
  language.name === 'JSONata' ? 'Arguments' : 'Parameters';

/** Reads the field Resource. Adds a problem if it is none of these actions of Amazon S3. */
function readAction<A extends string>(reader: Reader, actions: readonly A[]): A | undefined {
  const resource = reader.string('Resource');
  const [, action] = /^arn:aws[a-z-]*:states:::s3:(\w+)$/.exec(resource ?? '') ?? [];
  const known = actions.find((each) => each === action);
  const fix = `write one of these: ${actions.map((each) => `arn:aws:states:::s3:${each}`).join(', ')}`;
  if (known === undefined && resource !== undefined)
    reader.problem(`The Resource '${resource}' is not supported here`, 'Resource', fix);
  return known;
}

export function readItemReader(map: Reader, language: Language): ItemReader | undefined {
  const reader = map.object('ItemReader');
  if (!reader) return undefined;
  if (!reader.has('Resource')) reader.problem("The field 'Resource' is missing");
  const action = readAction(reader, ['getObject', 'listObjectsV2']) ?? 'getObject';
  const args = language.template(reader, argumentsOf(language)) ?? (() => ({}));
  const inner = reader.object('ReaderConfig');
  const maxItems = inner && language.integer(inner, 'MaxItems', numberIn('MaxItems', -Infinity, Infinity));
  if (inner) checkReaderConfig(inner);
  reader.finish((field) => language.explainUnread(field));
  return { action, args, maxItems, config: inner?.source ?? {} };
}

/** The values of the fields of ReaderConfig. AWS page "ItemReader (Map)". */
const READER_VALUES: Readonly<Record<string, readonly string[]>> = {
  InputType: ['CSV', 'JSON', 'JSONL', 'PARQUET', 'MANIFEST'],
  CSVDelimiter: Object.keys(DELIMITERS),
  CSVHeaderLocation: ['FIRST_ROW', 'GIVEN'],
  ManifestType: ['ATHENA_DATA', 'S3_INVENTORY'],
  Transformation: ['NONE', 'LOAD_AND_FLATTEN'],
};

function checkReaderConfig(reader: Reader): void {
  for (const [field, values] of Object.entries(READER_VALUES)) readOneOf(reader, field, values);
  reader.strings('CSVHeaders');
  reader.string('ItemsPointer');
  if (reader.source['CSVHeaderLocation'] === 'GIVEN' && !reader.has('CSVHeaders'))
    reader.problem("The field 'CSVHeaders' is missing", undefined, 'write "CSVHeaders": […]');
  reader.finish();
}

function readOneOf<V extends string>(reader: Reader, field: string, values: readonly V[]): V | undefined {
  const value = reader.string(field);
  const known = values.find((each) => each === value);
  if (value !== undefined && known === undefined)
    reader.problem(`Value should be one of the following: [${values.join(', ')}]`, field);
  return known;
}

export function readItemBatcher(map: Reader, language: Language): ItemBatcher | undefined {
  const reader = map.object('ItemBatcher');
  if (!reader) return undefined;
  const maxItems = language.integer(reader, 'MaxItemsPerBatch', numberIn('MaxItemsPerBatch', 1, Infinity));
  const bytes = numberIn('MaxInputBytesPerBatch', 1, PAYLOAD_LIMIT_BYTES);
  const maxBytes = language.integer(reader, 'MaxInputBytesPerBatch', bytes);
  const batchInput = language.template(reader, 'BatchInput');
  if (!maxItems && !maxBytes)
    reader.problem("An ItemBatcher must have 'MaxItemsPerBatch' or 'MaxInputBytesPerBatch'");
  reader.finish((field) => language.explainUnread(field));
  return { maxItems, maxBytes, batchInput };
}

export function readResultWriter(map: Reader, language: Language): ResultWriter {
  const reader = map.object('ResultWriter');
  if (!reader) return { args: undefined, config: { transformation: 'COMPACT', outputType: 'JSON' } };
  const isWritten = reader.has('Resource');
  readAction(reader, ['putObject']);
  const args = language.template(reader, argumentsOf(language));
  if (isWritten && !args) reader.problem(`The field '${argumentsOf(language)}' is missing`);
  const inner = reader.object('WriterConfig');
  if (!isWritten && !inner) reader.problem("A ResultWriter must have 'Resource' or 'WriterConfig'");
  const transformation = inner && readOneOf(inner, 'Transformation', ['NONE', 'COMPACT', 'FLATTEN']);
  const outputType = inner && readOneOf(inner, 'OutputType', ['JSON', 'JSONL']);
  inner?.finish();
  reader.finish((field) => language.explainUnread(field));
  const config = {
    transformation: transformation ?? (isWritten ? 'NONE' : 'COMPACT'),
    outputType: outputType ?? 'JSON',
  };
  return { args: isWritten ? args : undefined, config };
}
