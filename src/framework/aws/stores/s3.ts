import { randomBytes } from 'node:crypto';
import { checkKey, checkSize, isKey, type Store, StoreError, type StoreOptions } from '../../base/store.js';
import { unlessAborted } from '../../base/time/wait.js';
import { AwsStore, type AwsStoreOptions, type Meaning, SdkFailure } from './aws-store.js';

/** Options of {@link s3}. */
export interface S3Options extends AwsStoreOptions {
  /** The bucket's name, or the ARN or alias of an access point. */
  readonly bucket: string;
  /** Each object's key begins with this and `/`. @default objects lie at the top of the bucket */
  readonly prefix?: string | undefined;
  /** The account that must own the bucket. Calls are refused if another one does. @default any */
  readonly owner?: string | undefined;
}

/** The names of an object's metadata, which S3 keeps in lower case. */
const [UNTIL, SALT] = ['stepwright-until', 'stepwright-salt'];
/** The bytes before the value of a record that was written on a condition. */
const SALT_BYTES = 16;
/** How often an object is read whose answer ends in its middle, as often as the SDK makes a call. */
const MOST_READS = 3;
/** A response to PutObject, HeadObject or GetObject. */
interface S3Object {
  readonly Body?: { transformToByteArray(): Promise<Uint8Array>; destroy?(): unknown };
  readonly ContentLength?: number;
  readonly ETag?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
}

/**
 * Keeps records as objects in a bucket of S3, or of a service that honours `If-None-Match` and `If-Match` as S3 does, in
 * PutObject and in DeleteObject.
 *
 * What `put` writes is the object itself, for other programs to read, so that two writes of the same bytes have the same
 * version. A record that is written by `putIfAbsent` or `replace` has 16 random bytes before its value, because S3
 * compares objects by a hash of their bytes.
 *
 * Needs the package `@aws-sdk/client-s3`. Retries calls as the SDK does, up to three times.
 * @throws TypeError if the options aren't valid; StoreError if the package isn't installed
 */
export function s3(options: S3Options): Store {
  if (typeof options.bucket !== 'string' || options.bucket === '')
    throw new TypeError(`s3() needs \`bucket\`, the name of a bucket`);
  return new S3Store(options);
}

class S3Store extends AwsStore implements Store {
  readonly uri: string;
  readonly #prefix: string;

  constructor(options: S3Options) {
    const { bucket, owner, prefix = '', endpoint } = options;
    const path = prefix.replaceAll(/^\/+|\/+$/g, '');
    const uri = path === '' ? `s3://${bucket}` : `s3://${bucket}/${path}`;
    super(`S3 bucket ${uri}`, options, {
      peer: '@aws-sdk/client-s3',
      client: 'S3Client',
      known: ['bucket', 'prefix', 'owner'],
      maxBytes: 64 * 1024 * 1024,
      settings: { forcePathStyle: endpoint !== undefined },
      input: { Bucket: bucket, ...(owner !== undefined && { ExpectedBucketOwner: owner }) },
      place: `the S3 bucket ${bucket}`,
      meaningOf: (...all) => meaningOf(bucket, ...all),
    });
    this.uri = uri;
    this.#prefix = path === '' ? '' : `${path}/`;
  }

  readonly put: Store['put'] = async (key, value, options = {}) => {
    const version = await this.#writer(key, value, options, 0)({});
    if (version === undefined) throw new StoreError('unavailable', `${key} in ${this.name} was not written`);
    return version;
  };

  readonly putIfAbsent: Store['putIfAbsent'] = async (key, value, options = {}) => {
    const write = this.#writer(key, value, options, SALT_BYTES);
    for (;;) {
      const version = await write({ IfNoneMatch: '*' });
      if (version !== undefined) return version;
      const there = await this.#ask('HeadObject', key, options);
      if (there && !this.isOver(there.Metadata?.[UNTIL])) return undefined;
      const replaced = there && (await write({ IfMatch: there.ETag ?? '' }));
      if (replaced !== undefined) return replaced;
    }
  };

  readonly replace: Store['replace'] = async (key, value, version, options = {}) => {
    const write = this.#writer(key, value, options, SALT_BYTES);
    options.signal?.throwIfAborted();
    const etag = this.#etagOf(version);
    return etag === undefined ? undefined : write({ IfMatch: etag });
  };

  readonly get: Store['get'] = (key, options = {}) => this.#get(key, options, MOST_READS);

  readonly delete: Store['delete'] = async (key, options = {}) => {
    checkKey(key);
    await this.send('DeleteObject', { Key: this.#prefix + key }, options);
  };

  readonly deleteIf: Store['deleteIf'] = async (key, version, options = {}) => {
    checkKey(key);
    const there = await this.#ask('HeadObject', key, options);
    const etag = this.#etagOf(version);
    // Some services answer the removal of what isn't there as they answer any other.
    if (etag === undefined || there?.ETag !== etag) return false;
    const input = { Key: this.#prefix + key, IfMatch: etag };
    const answer = await this.send('DeleteObject', input, options, isRefused);
    if (answer instanceof SdkFailure && answer.attempts > 1) throw this.unsure(answer);
    return !(answer instanceof SdkFailure);
  };

  readonly list: Store['list'] = async (prefix, options = {}) => {
    const after = options.after !== undefined && { StartAfter: this.#prefix + options.after };
    const answer = await this.send('ListObjectsV2', { Prefix: this.#prefix + prefix, ...after }, options);
    const { Contents = [], IsTruncated } = answer as { Contents?: { Key: string }[]; IsTruncated?: boolean };
    const listed = Contents.map(({ Key }) => Key.slice(this.#prefix.length));
    return { keys: listed.filter(isKey), ...(IsTruncated === true && { next: listed.at(-1) }) };
  };

  /** The SDK asks again for an answer that doesn't come, but not for one that ends in its middle. */
  async #get(key: string, options: StoreOptions, reads: number): ReturnType<Store['get']> {
    checkKey(key);
    const found = await this.#ask('GetObject', key, options);
    if (!found || this.isOver(found.Metadata?.[UNTIL])) return void found?.Body?.destroy?.();
    try {
      return { value: await this.#bodyOf(key, found, options), version: versionOf(found) };
    } catch (error) {
      const isTorn = error instanceof StoreError && error.kind === 'unavailable';
      if (!isTorn || reads === 1) throw error;
      return this.#get(key, options, reads - 1);
    }
  }

  /** Returns the function that writes a record. It returns the version; undefined if its condition isn't met. */
  #writer(
    key: string,
    value: Uint8Array,
    { ttlMs, signal }: StoreOptions,
    saltBytes: number,
  ): (condition: { IfNoneMatch?: '*'; IfMatch?: string }) => Promise<string | undefined> {
    checkKey(key);
    checkSize(this, key, value.byteLength);
    const salt = randomBytes(SALT_BYTES);
    // A copy: each attempt reads it again.
    const Body = Buffer.concat([salt.subarray(0, saltBytes), value]);
    const Metadata = {
      ...(saltBytes > 0 && { [SALT]: salt.toString('hex') }),
      ...(ttlMs !== undefined && { [UNTIL]: String(Math.ceil(this.now() + ttlMs)) }),
    };
    const input = { Key: this.#prefix + key, Body, ContentLength: Body.byteLength, Metadata };
    return async (condition) => {
      const answer = await this.send('PutObject', { ...input, ...condition }, { signal }, isRefused);
      if (!(answer instanceof SdkFailure)) return versionOf({ ...(answer as S3Object), Metadata });
      // The answer to an earlier attempt may have been lost: this may be the very object that it wrote.
      const there = await this.#ask('HeadObject', key, { signal });
      return there && there.Metadata?.[SALT] === Metadata[SALT] ? versionOf(there) : undefined;
    };
  }

  /** Reads the value of an object. Nothing is read if the object has too many bytes. */
  async #bodyOf(
    key: string,
    { Body, ContentLength, Metadata }: S3Object,
    options: StoreOptions,
  ): Promise<Uint8Array> {
    const salt = Metadata?.[SALT] === undefined ? 0 : SALT_BYTES;
    const maxBytes = Math.min(this.maxBytes, options.maxBytes ?? this.maxBytes);
    try {
      if (!Body) throw new Error('the response has no body');
      checkSize({ name: 'this read', maxBytes }, key, (ContentLength ?? salt) - salt);
      const bytes = await unlessAborted(options.signal, Body.transformToByteArray());
      checkSize({ name: 'this read', maxBytes }, key, bytes.byteLength - salt);
      return bytes.subarray(salt);
    } catch (error) {
      Body?.destroy?.();
      options.signal?.throwIfAborted();
      throw this.errorOf('GetObject', new SdkFailure(error));
    }
  }

  /** Returns the hash that an object of this version has; undefined if that record is over. */
  #etagOf(version: string): string | undefined {
    const [etag, until] = version.split(' ');
    return this.isOver(until) ? undefined : etag;
  }

  /** Asks for an object; undefined if there is none. */
  async #ask(operation: string, key: string, options: StoreOptions): Promise<S3Object | undefined> {
    const answer = await this.send(operation, { Key: this.#prefix + key }, options, isMissing);
    return answer instanceof SdkFailure ? undefined : (answer as S3Object);
  }
}

/** Names a state of a record: the hash of its object's bytes, and its end if it has one. */
const versionOf = ({ ETag = '', Metadata }: S3Object): string =>
  [ETag, Metadata?.[UNTIL] ?? []].flat().join(' ');

/** True if nothing was changed because of a condition. S3 has also said so by 200 and an error in the body. */
const isRefused = ({ code, status }: SdkFailure): boolean =>
  status === 412 || code === 'PreconditionFailed' || code === 'NoSuchKey';

const isMissing = ({ code, status }: SdkFailure): boolean => status === 404 && code !== 'NoSuchBucket';

/** Messages name no key, which may be made of a user's data. */
function meaningOf(bucket: string, { code, status }: SdkFailure, operation: string): Meaning {
  if (code === 'NoSuchBucket')
    return ['denied', `found no such bucket: create it with aws s3 mb s3://${bucket}, or correct \`bucket\``];
  if (code === 'PermanentRedirect' || status === 301)
    return ['denied', "found the bucket in another region: set `region` of the store to the bucket's"];
  if (code === 'EntityTooLarge') return ['too-large', 'was refused'];
  if (code !== 'AccessDenied' && (status !== 403 || code !== 'Forbidden')) return undefined;
  const permission = operation.replace('HeadO', 'GetO').replace('ObjectsV2', 'Bucket');
  // A missing object is also answered by 403 without s3:ListBucket.
  const listed = /GetObject|HeadObject/.test(operation) ? ' and s3:ListBucket' : '';
  return [
    'denied',
    `was refused. It needs s3:${permission}${listed}, the key's permissions if a KMS key encrypts the bucket, and \`owner\` must be the bucket's`,
  ];
}
