import { createHash, randomUUID } from 'node:crypto';
import { checkKey, checkSize, isKey, type Store, StoreError, type StoreOptions } from '../../base/store.js';
import { AwsStore, type AwsStoreOptions, type Meaning, SdkFailure } from './aws-store.js';

/** Options of {@link dynamodb}. */
export interface DynamoDbOptions extends AwsStoreOptions {
  /** The table's name or ARN. */
  readonly table: string;
  /** Each partition key begins with this, so that several fleets can share a table. @default `stepwright` */
  readonly prefix?: string | undefined;
}

/**
 * The number of partition keys that the records are spread over, since one takes 1,000 writes a second. A new table
 * that is billed by request takes 4,000. It can't change, or records would no longer be found.
 */
const PARTITIONS = 4;
/** DynamoDB's limit of an item is 400 KB, of which names, keys, version and end take at most 900 bytes. */
const MAX_BYTES = 400 * 1024 - 1_024;
/** Characters that sort before and after all those of a key. */
const [LOWEST, HIGHEST] = ['!', '~'];
/** True for a record that has the expected version, and whose time isn't over. */
const UNCHANGED = 'version = :old AND (attribute_not_exists(#until) OR #until > :now)';
/** An item whose time is over is there until DynamoDB deletes it, which may take days. */
const ABSENT = 'attribute_not_exists(sk) OR #until <= :now';

/**
 * An item: `pk` and `sk`, the record's bytes in `value`, its `version`, its end in `until`, in epoch milliseconds, and
 * the same in `expires`, in epoch seconds, by which DynamoDB deletes the item some time later.
 */
type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string; readonly B?: Uint8Array }>>;

/**
 * Keeps records as items of a DynamoDB table, whose partition key is `pk` and whose sort key is `sk`, both texts.
 *
 * Needs the package `@aws-sdk/client-dynamodb`. Retries calls as the SDK does, up to three times. All processes must
 * use the table in the same region, since the regions of a global table don't see each other's conditions.
 * @throws TypeError if the options aren't valid; StoreError if the package isn't installed
 */
export function dynamodb(options: DynamoDbOptions): Store {
  const { table, prefix = '' } = options;
  if (typeof table !== 'string' || table === '')
    throw new TypeError('dynamodb() needs `table`, the name of a table');
  if (prefix.length > 200) throw new TypeError('dynamodb() needs a `prefix` of at most 200 characters');
  return new DynamoDbStore(options);
}

class DynamoDbStore extends AwsStore implements Store {
  readonly #prefix: string;

  constructor(options: DynamoDbOptions) {
    const { table, prefix = 'stepwright' } = options;
    super(`DynamoDB table ${table}, prefix ${prefix}`, options, {
      peer: '@aws-sdk/client-dynamodb',
      client: 'DynamoDBClient',
      known: ['table', 'prefix'],
      maxBytes: MAX_BYTES,
      input: { TableName: table },
      place: `the DynamoDB table ${table}`,
      meaningOf: (...all) => meaningOf(table, ...all),
    });
    this.#prefix = prefix;
  }

  readonly put: Store['put'] = async (key, value, options = {}) => {
    const version = await this.#write(key, value, options);
    if (version === undefined) throw new StoreError('unavailable', `${key} in ${this.name} was not written`);
    return version;
  };

  readonly putIfAbsent: Store['putIfAbsent'] = (key, value, options = {}) =>
    this.#write(key, value, options, ABSENT);

  readonly replace: Store['replace'] = (key, value, version, options = {}) =>
    this.#write(key, value, options, UNCHANGED, { ':old': { S: version } });

  readonly get: Store['get'] = async (key, options = {}) => {
    checkKey(key);
    const answer = await this.send('GetItem', { Key: this.#keyOf(key), ConsistentRead: true }, options);
    const { Item: item } = answer as { readonly Item?: Item };
    if (!item || this.isOver(item['until']?.N)) return undefined;
    const [value, version] = [item['value']?.B, item['version']?.S];
    if (!value || version === undefined)
      throw new StoreError('damaged', `${key} in ${this.name} is an item that Stepwright did not write`);
    const maxBytes = Math.min(this.maxBytes, options.maxBytes ?? this.maxBytes);
    checkSize({ name: 'this read', maxBytes }, key, value.byteLength);
    return { value, version };
  };

  readonly delete: Store['delete'] = async (key, options = {}) => {
    checkKey(key);
    await this.send('DeleteItem', { Key: this.#keyOf(key) }, options);
  };

  readonly deleteIf: Store['deleteIf'] = async (key, version, options = {}) => {
    checkKey(key);
    const condition = this.#condition(UNCHANGED, { ':old': { S: version } });
    const found = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    const input = { Key: this.#keyOf(key), ...condition, ...found };
    const answer = await this.send('DeleteItem', input, options, isRefused);
    if (!(answer instanceof SdkFailure)) return true;
    if (answer.attempts > 1 && answer.error.Item === undefined) throw this.unsure(answer);
    return false;
  };

  readonly list: Store['list'] = async (prefix, options = {}) => {
    const { after } = options;
    const from = after === undefined || after < prefix ? prefix || LOWEST : after + LOWEST;
    const to = prefix + HIGHEST;
    if (from > to) return { keys: [] };
    const query = async (index: number): Promise<{ Items?: readonly Item[]; LastEvaluatedKey?: Item }> => {
      const values = { ':pk': { S: `${this.#prefix}#${index}` }, ':from': { S: from }, ':to': { S: to } };
      const input = {
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ConsistentRead: true,
        ProjectionExpression: 'sk',
        Limit: 1_000,
        ExpressionAttributeValues: values,
      };
      return (await this.send('Query', input, options)) as object;
    };
    const pages = await Promise.all(Array.from({ length: PARTITIONS }, (_, index) => query(index)));
    const keys = pages.flatMap(({ Items = [] }) => Items.flatMap(({ sk }) => sk?.S ?? [])).filter(isKey);
    // Up to the first end all partitions have been read.
    const [next] = pages.flatMap(({ LastEvaluatedKey }) => LastEvaluatedKey?.['sk']?.S ?? []).toSorted();
    if (next === undefined) return { keys: keys.toSorted() };
    return { keys: keys.filter((key) => key <= next).toSorted(), next };
  };

  /** Writes a record. Returns its version; undefined if the condition isn't met. */
  async #write(
    key: string,
    value: Uint8Array,
    { ttlMs, signal }: StoreOptions,
    condition?: string,
    values: Item = {},
  ): Promise<string | undefined> {
    checkKey(key);
    checkSize(this, key, value.byteLength);
    const version = randomUUID();
    const until = Math.ceil(this.now() + (ttlMs ?? 0));
    const record = {
      ...this.#keyOf(key),
      // A copy: each attempt reads it again.
      value: { B: new Uint8Array(value) },
      version: { S: version },
      ...(ttlMs !== undefined && {
        until: { N: String(until) },
        expires: { N: String(Math.ceil(until / 1_000)) },
      }),
    };
    // The SDK repeats an attempt whose answer was lost. The next one finds the very record that the first has written.
    const given = condition === undefined ? undefined : `(${condition}) OR version = :new`;
    const input = {
      Item: record,
      ...(given && this.#condition(given, { ...values, ':new': { S: version } })),
    };
    const answer = await this.send('PutItem', input, { signal }, isRefused);
    return answer instanceof SdkFailure ? undefined : version;
  }

  #condition(ConditionExpression: string, values: Item): object {
    return {
      ConditionExpression,
      ExpressionAttributeNames: { '#until': 'until' },
      ExpressionAttributeValues: { ...values, ':now': { N: String(this.now()) } },
    };
  }

  #keyOf(key: string): Item {
    const [byte = 0] = createHash('sha256').update(key).digest();
    return { pk: { S: `${this.#prefix}#${byte % PARTITIONS}` }, sk: { S: key } };
  }
}

const isRefused = ({ code }: SdkFailure): boolean => code === 'ConditionalCheckFailedException';

const createTable = (table: string): string =>
  `aws dynamodb create-table --table-name ${table} --billing-mode PAY_PER_REQUEST ` +
  '--attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S ' +
  '--key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE';

function meaningOf(table: string, { error, code }: SdkFailure, operation: string): Meaning {
  if (code === 'ResourceNotFoundException')
    return ['denied', `found no such table in this region: ${createTable(table)}`];
  // Another write to the item was on its way.
  if (/ConflictException|^ResourceInUse/.test(code)) return ['unavailable', 'failed'];
  if (/size has exceeded/i.test(error.message)) return ['too-large', 'was refused'];
  if (code === 'AccessDeniedException') return ['denied', `was refused. It needs dynamodb:${operation}`];
  if (/key element|schema|key attribute/i.test(error.message))
    return [
      'denied',
      "was refused. The table's partition key must be `pk`, its sort key `sk`, both of type S",
    ];
  return undefined;
}
