import { createHash, randomUUID } from 'node:crypto';
import { checkKey, checkSize, isKey, StoreError } from '../../../base/store/store-error.js';
import type {
  GetOptions,
  KeyPage,
  PutOptions,
  ReadOptions,
  Store,
  Stored,
  StoreFinding,
} from '../../../base/store/store.js';
import { systemClock } from '../../../base/time/clock.js';
import {
  checkOptions,
  checkPeer,
  type ClientOptions,
  clientOf,
  type SdkClient,
  sdkFailure,
  send,
} from '../sdk-client.js';
import { dynamoDbFailure, type DynamoDbOperation } from './dynamodb-failure.js';
import { lookAtTable, lookAtTtl, type TableAnswer, type TtlAnswer } from './examine.js';
import { type AttributeValue, DYNAMODB_PACKAGE, type DynamoDbSdk, type Item, loadDynamoDb } from './sdk.js';
import { EXPIRES, PARTITION, SORT, UNTIL, VALUE, VERSION } from './table.js';

/** Options of {@link dynamodb}. */
export interface DynamoDbOptions extends ClientOptions {
  /** The table's name or ARN. */
  readonly table: string;
  /** Each partition key begins with this, so that several fleets can share a table. @default `stepwright` */
  readonly prefix?: string | undefined;
  /** The most bytes of one record. @default 408,576, as an item of DynamoDB has at most 400 KB with its names */
  readonly maxBytes?: number | undefined;
  /** Returns the time by which records end, in epoch milliseconds. @default the machine's clock */
  readonly now?: (() => number) | undefined;
}

const OPTIONS = ['table', 'prefix', 'region', 'endpoint', 'maxBytes', 'client', 'now'];
/**
 * The number of partition keys that the records are spread over, since one takes 1,000 writes a second. A new table
 * that is billed by request takes 4,000. It can't change, or records would no longer be found.
 */
const PARTITIONS = 4;
const MOST_PREFIX_CHARACTERS = 200;
/** DynamoDB's limit of an item is 400 KB, of which names, keys, version and end take at most 900 bytes. */
const MAX_BYTES = 400 * 1024 - 1_024;
/** Characters that sort before and after all those of a key. */
const [LOWEST, HIGHEST] = ['!', '~'];

/**
 * Keeps records as items of a DynamoDB table, whose partition key is `pk` and whose sort key is `sk`, both texts.
 *
 * Needs the package `@aws-sdk/client-dynamodb`. Retries calls as the SDK does, up to three times. All processes must
 * use the table in the same region, since the regions of a global table don't see each other's conditions.
 * @throws TypeError if the options aren't valid; StoreError if the package isn't installed
 */
export function dynamodb(options: DynamoDbOptions): Store {
  checkOptions('dynamodb()', options, OPTIONS);
  const { table, prefix = '' } = options;
  if (typeof table !== 'string' || table === '')
    throw new TypeError('dynamodb() needs `table`, the name of a table');
  if (typeof prefix !== 'string' || prefix.length > MOST_PREFIX_CHARACTERS)
    throw new TypeError(`dynamodb() needs a \`prefix\` of at most ${MOST_PREFIX_CHARACTERS} characters`);
  checkPeer(DYNAMODB_PACKAGE, 'dynamodb()');
  return new DynamoDbStore(options);
}

interface QueryPage {
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
}

/** A condition of a write, and the values that it names. */
interface Condition {
  readonly ConditionExpression: string;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

class DynamoDbStore implements Store {
  readonly name: string;
  readonly maxBytes: number;
  readonly #options: DynamoDbOptions;
  readonly #prefix: string;
  readonly #now: () => number;
  #opened: { readonly sdk: DynamoDbSdk; readonly client: SdkClient } | undefined;

  constructor(options: DynamoDbOptions) {
    const { table, prefix = 'stepwright', maxBytes = MAX_BYTES, now = () => systemClock.now() } = options;
    this.name = `DynamoDB table ${table}, prefix ${prefix}`;
    this.maxBytes = maxBytes;
    this.#options = options;
    this.#prefix = prefix;
    this.#now = now;
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<string> {
    const version = randomUUID();
    await this.#call('PutItem', { Item: this.#item(key, value, version, options) }, options);
    return version;
  }

  async putIfAbsent(key: string, value: Uint8Array, options: PutOptions = {}): Promise<string | undefined> {
    // An item whose time is over is there until DynamoDB deletes it, which may take days.
    const condition = 'attribute_not_exists(#sk) OR #until <= :now';
    return this.#putIf(key, value, { ConditionExpression: condition, values: {} }, options);
  }

  async replace(
    key: string,
    value: Uint8Array,
    version: string,
    options: PutOptions = {},
  ): Promise<string | undefined> {
    return this.#putIf(
      key,
      value,
      { ConditionExpression: UNCHANGED, values: { ':old': { S: version } } },
      options,
    );
  }

  async get(key: string, options: GetOptions = {}): Promise<Stored | undefined> {
    checkKey(key);
    const input = { Key: this.#key(key), ConsistentRead: true };
    const { Item: item } = (await this.#call('GetItem', input, options)) as { Item?: Item };
    if (!item || this.#isOver(item)) return undefined;
    const [value, version] = [item[VALUE]?.B, item[VERSION]?.S];
    if (!value || version === undefined)
      throw new StoreError('damaged', `${key} in ${this.name} is an item that Stepwright did not write`);
    const most = Math.min(this.maxBytes, options.maxBytes ?? this.maxBytes);
    if (value.byteLength > most)
      throw new StoreError(
        'too-large',
        `${key} in ${this.name} has ${value.byteLength} bytes, and at most ${most} are read`,
      );
    return { value, version };
  }

  async delete(key: string, options: ReadOptions = {}): Promise<void> {
    checkKey(key);
    await this.#call('DeleteItem', { Key: this.#key(key) }, options);
  }

  async deleteIf(key: string, version: string, options: ReadOptions = {}): Promise<boolean> {
    checkKey(key);
    const condition = this.#condition({
      ConditionExpression: UNCHANGED,
      values: { ':old': { S: version } },
    });
    const input = { Key: this.#key(key), ...condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    try {
      await this.#send('DeleteItem', input, options);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw this.#failure(error, 'DeleteItem', options);
      const there = (error as { Item?: Item }).Item !== undefined;
      // The answer to an earlier attempt of the SDK was lost, so that this call may have deleted the record itself.
      if (!there && sdkFailure(error).attempts > 1) throw this.#unsure(key, error);
      return false;
    }
  }

  async list(prefix: string, options: ReadOptions & { after?: string | undefined } = {}): Promise<KeyPage> {
    const { after } = options;
    const from = after === undefined || after < prefix ? prefix || LOWEST : after + LOWEST;
    const to = prefix + HIGHEST;
    if (from > to) return { keys: [] };
    const pages = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, index) => this.#query(index, [from, to], options)),
    );
    const items = pages.flatMap(({ Items = [] }) => Items).filter((item) => !this.#isOver(item));
    const ends = pages.flatMap(({ LastEvaluatedKey }) => LastEvaluatedKey?.[SORT]?.S ?? []);
    const keys = items.flatMap((item) => item[SORT]?.S ?? []).filter(isKey);
    // Up to the first end all partitions have been read.
    const [next] = ends.toSorted();
    const sorted = keys.filter((key) => next === undefined || key <= next).toSorted();
    return next === undefined ? { keys: sorted } : { keys: sorted, next };
  }

  async examine(options: ReadOptions = {}): Promise<readonly StoreFinding[]> {
    const { table } = this.#options;
    const described = await this.#call('DescribeTable', {}, options);
    const ttl = await this.#call('DescribeTimeToLive', {}, options);
    return [...lookAtTable(table, described as TableAnswer), lookAtTtl(table, ttl as TtlAnswer)];
  }

  async #query(
    partition: number,
    [from, to]: readonly [string, string],
    options: ReadOptions,
  ): Promise<QueryPage> {
    const input = {
      ...{ KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to', ConsistentRead: true },
      ...{ ProjectionExpression: '#sk, #until', Limit: 1_000 },
      ExpressionAttributeNames: { '#pk': PARTITION, '#sk': SORT, '#until': UNTIL },
      ExpressionAttributeValues: {
        ...{ ':pk': { S: this.#partition(partition) }, ':from': { S: from }, ':to': { S: to } },
      },
    };
    return (await this.#call('Query', input, options)) as QueryPage;
  }

  /** Writes a record on a condition. Returns its version; undefined if the condition isn't met. */
  async #putIf(
    key: string,
    value: Uint8Array,
    { ConditionExpression, values }: Condition,
    options: PutOptions,
  ): Promise<string | undefined> {
    const version = randomUUID();
    const Item = this.#item(key, value, version, options);
    // The SDK repeats an attempt whose answer was lost. The next one finds the very record that the first has written.
    const condition = this.#condition({
      ConditionExpression: `(${ConditionExpression}) OR #version = :new`,
      values: { ...values, ':new': { S: version } },
    });
    try {
      await this.#send('PutItem', { Item, ...condition }, options);
      return version;
    } catch (error) {
      if (isRefused(error)) return undefined;
      throw this.#failure(error, 'PutItem', options);
    }
  }

  #condition({ ConditionExpression, values }: Condition): object {
    const names = Object.entries({ '#sk': SORT, '#version': VERSION, '#until': UNTIL });
    return {
      ConditionExpression,
      ExpressionAttributeNames: Object.fromEntries(
        names.filter(([name]) => ConditionExpression.includes(name)),
      ),
      ExpressionAttributeValues: { ...values, ':now': { N: String(this.#now()) } },
    };
  }

  /** Checks a record, and returns it as an item, with a copy of its bytes: each attempt reads them again. */
  #item(key: string, value: Uint8Array, version: string, { ttlMs }: PutOptions): Item {
    checkKey(key);
    checkSize(this, key, value);
    const until = ttlMs === undefined ? undefined : Math.ceil(this.#now() + ttlMs);
    return {
      ...this.#key(key),
      [VALUE]: { B: new Uint8Array(value) },
      [VERSION]: { S: version },
      ...(until !== undefined && {
        [UNTIL]: { N: String(until) },
        [EXPIRES]: { N: String(Math.ceil(until / 1_000)) },
      }),
    };
  }

  #isOver(item: Item): boolean {
    const until = item[UNTIL]?.N;
    return until !== undefined && Number(until) <= this.#now();
  }

  #key(key: string): Item {
    const [byte = 0] = createHash('sha256').update(key).digest();
    return { [PARTITION]: { S: this.#partition(byte % PARTITIONS) }, [SORT]: { S: key } };
  }

  #partition(index: number): string {
    return `${this.#prefix}#${index}`;
  }

  async #call(operation: DynamoDbOperation, input: object, options: ReadOptions): Promise<unknown> {
    try {
      return await this.#send(operation, input, options);
    } catch (error) {
      throw this.#failure(error, operation, options);
    }
  }

  #send(operation: DynamoDbOperation, input: object, { signal }: ReadOptions): Promise<unknown> {
    const { sdk, client } = (this.#opened ??= this.#open());
    return send(client, new sdk[`${operation}Command`]({ TableName: this.#options.table, ...input }), signal);
  }

  #open(): { sdk: DynamoDbSdk; client: SdkClient } {
    const sdk = loadDynamoDb();
    return { sdk, client: clientOf(this.#options, (settings) => new sdk.DynamoDBClient(settings)) };
  }

  /** Returns what a method rejects with: a `StoreError`, or the reason of the caller's signal as it is. */
  #failure(error: unknown, operation: DynamoDbOperation, { signal }: ReadOptions): unknown {
    if (signal?.aborted) return signal.reason;
    return dynamoDbFailure(error, { operation, table: this.#options.table });
  }

  #unsure(key: string, cause: unknown): StoreError {
    const text = `an answer of ${this.name} was lost, so it is not known if this call has deleted ${key}`;
    return new StoreError('unavailable', text, { cause });
  }
}

/** True for a record that has the expected version, and whose time isn't over. */
const UNCHANGED = '#version = :old AND (attribute_not_exists(#until) OR #until > :now)';

const isRefused = (error: unknown): boolean => sdkFailure(error).code === 'ConditionalCheckFailedException';
