import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isObject, parseJson, type Json, type JsonObject } from '../values/json.js';
import { StateFailure } from '../runtime/state-failure.js';
import { type CsvFormat, csvItems, DELIMITERS, rowsOf } from './csv.js';
import { itemsOf, readerFailure, type Item } from './item.js';
import { jsonItems, jsonLines, pointedItems } from './json-items.js';
import { checkLength, textOf } from './lines.js';
import type { ObjectStore, StoredObject } from '../runtime/running-execution.js';

/** The fields of an ItemReader that say what it reads and in which format. */
export interface ReadFormat {
  /** `getObject` reads the items of an object; `listObjectsV2` lists objects. */
  readonly action: 'getObject' | 'listObjectsV2';
  /** The field ReaderConfig. */
  readonly config: JsonObject;
}

/** Where the data set is. */
interface DataSet {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly signal: AbortSignal;
}

/**
 * Yields the items of a data set as they are read.
 * @param args the evaluated Parameters or Arguments of the ItemReader
 * @throws StateFailure States.ItemReaderFailed if the data set can't be read
 */
export async function* readItems(
  { action, config }: ReadFormat,
  args: Json,
  store: ObjectStore,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const { Bucket: bucket, Key: key, Prefix: prefix = '' } = isObject(args) ? args : {};
  if (typeof bucket !== 'string' || typeof prefix !== 'string')
    throw readerFailure("The ItemReader needs the name of a 'Bucket', as a string.");
  const set = { store, bucket, signal };
  try {
    if (action === 'listObjectsV2') yield* listed(set, prefix, config);
    else if (typeof key === 'string') yield* readObject(set, key, config);
    else throw readerFailure("The ItemReader needs the 'Key' of an object, as a string.");
  } catch (error) {
    if (error instanceof StateFailure) throw error;
    throw readerFailure(error instanceof Error ? error.message : String(error));
  }
}

/** Yields the objects of a listing, or the items in each of them. AWS page "ItemReader (Map)", Transformation. */
async function* listed(set: DataSet, prefix: string, config: JsonObject): AsyncGenerator<Item> {
  const isLoaded = config['Transformation'] === 'LOAD_AND_FLATTEN';
  const source = `s3://${set.bucket}`;
  for await (const objects of set.store.list(set.bucket, prefix, set.signal))
    for (const each of objects)
      if (!isLoaded) yield { value: described(each), source };
      else if (!each.key.endsWith('/')) yield* readObject(set, each.key, config);
}

/** AWS page "ItemReader (Map)" shows such an item; `Etag` is spelled so at the live service. */
function described({ etag, key, modifiedAt, size, storageClass }: StoredObject): JsonObject {
  const LastModified = Math.floor(modifiedAt / 1000);
  return { Etag: etag, Key: key, LastModified, Size: size, StorageClass: storageClass };
}

async function* readObject(set: DataSet, key: string, config: JsonObject): AsyncGenerator<Item> {
  if (config['ManifestType'] === 'ATHENA_DATA') yield* readAthena(set, key, config);
  else if (config['InputType'] === 'MANIFEST') yield* readInventory(set, key);
  else yield* itemsIn(() => textOf(bytesOf(set, key)), config, `s3://${set.bucket}/${key}`);
}

/** Yields the bytes of an object. One that ends in `.gz` is decompressed, as those of an inventory are. */
function bytesOf({ store, bucket, signal }: DataSet, key: string): AsyncIterable<Uint8Array> {
  const bytes = store.read(bucket, key, signal);
  return key.endsWith('.gz') ? unzipped(bytes, key) : bytes;
}

async function* unzipped(bytes: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip();
  // An error of either is thrown where `unzip` is read.
  pipeline(bytes, unzip, () => {});
  try {
    yield* unzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    // Only the errors of zlib have such a code: what `bytes` throws says itself what is wrong.
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw readerFailure(`The object '${key}' can not be read as gzip: ${(error as Error).message}`);
  }
}

/**
 * Yields the items in a text, as the ReaderConfig says.
 * @param read begins to read the text
 * @param source the items' source
 * @throws StateFailure States.ItemReaderFailed if the text hasn't that format
 */
export async function* itemsIn(
  read: () => AsyncIterable<string>,
  config: JsonObject,
  source: string,
): AsyncGenerator<Item> {
  const { ItemsPointer: pointer, InputType: type = 'JSON' } = config;
  const isPointed = type === 'JSON' && typeof pointer === 'string' && pointer !== '';
  const values = isPointed ? pointedItems(read, pointer) : valuesIn(read(), config, type);
  for await (const some of values) yield* itemsOf(some, source);
}

function valuesIn(text: AsyncIterable<string>, config: JsonObject, type: Json): AsyncIterable<Json[]> {
  switch (type) {
    case 'CSV':
      return csvItems(text, csvFormat(config));
    case 'JSONL':
      return jsonLines(text);
    case 'JSON':
      return jsonItems(text);
    default:
      throw readerFailure(`The local service does not read files of the type ${JSON.stringify(type)}.`);
  }
}

function csvFormat(config: JsonObject): CsvFormat {
  const { CSVDelimiter: name, CSVHeaderLocation: location, CSVHeaders: given } = config;
  const delimiter = (typeof name === 'string' ? DELIMITERS[name] : undefined) ?? ',';
  const isGiven = location === 'GIVEN' && Array.isArray(given);
  return { delimiter, headers: isGiven ? given.map(String) : undefined };
}

/**
 * Yields the items of an inventory of Amazon S3. AWS page "ItemReader (Map)": an item is a row of its files, whose columns
 * the manifest names.
 */
async function* readInventory(set: DataSet, key: string): AsyncGenerator<Item> {
  const manifest = await manifestOf(set, key);
  const { fileFormat, fileSchema, files } = manifest;
  if (fileFormat !== 'CSV' || typeof fileSchema !== 'string' || !Array.isArray(files))
    throw readerFailure('The manifest must be that of an inventory of Amazon S3 whose fileFormat is CSV.');
  const headers = fileSchema.split(',').map((name) => name.trim());
  const format = { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: headers };
  const bucket = bucketOf(manifest['destinationBucket']) ?? set.bucket;
  for (const file of files)
    if (isObject(file) && typeof file['key'] === 'string')
      yield* readObject({ ...set, bucket }, file['key'], format);
}

/** Returns the name of a bucket, of which a manifest has the ARN. */
const bucketOf = (arn: Json | undefined): string | undefined =>
  typeof arn === 'string' ? arn.slice(arn.lastIndexOf(':') + 1) : undefined;

async function manifestOf(set: DataSet, key: string): Promise<JsonObject> {
  let text = '';
  for await (const chunk of textOf(bytesOf(set, key))) {
    text += chunk;
    checkLength(text.length, `The manifest '${key}'`);
  }
  const value = parseJson(text);
  if (!isObject(value)) throw readerFailure('The manifest is not a JSON object.');
  return value;
}

/** Each row of a manifest of Athena is the URI of a file. */
async function* readAthena(set: DataSet, key: string, config: JsonObject): AsyncGenerator<Item> {
  const { ManifestType: _type, ...format } = config;
  for await (const rows of rowsOf(textOf(bytesOf(set, key)), ','))
    for (const [uri = ''] of rows) {
      const [, bucket, name] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
      if (bucket === undefined || name === undefined)
        throw readerFailure(`The manifest names ${JSON.stringify(uri)}, which is no URI of an object.`);
      yield* readObject({ ...set, bucket }, name, format);
    }
}
