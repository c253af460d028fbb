import { randomUUID } from 'node:crypto';
import { checkKey, checkSize, isKey, StoreError } from '../../../base/store/store-error.js';
import type {
  GetOptions,
  KeyPage,
  ObjectStore,
  PutOptions,
  ReadOptions,
  Stored,
  StoreFinding,
} from '../../../base/store/store.js';
import { systemClock } from '../../../base/time/clock.js';
import {
  checkOptions,
  checkPeer,
  type ClientOptions,
  clientOf,
  send,
  sdkFailure,
  type SdkClient,
} from '../sdk-client.js';
import { readBody } from './body.js';
import { lookAtLifecycle, type LifecycleRule } from './examine.js';
import { s3Failure, type S3Operation } from './s3-failure.js';
import { loadS3, S3_PACKAGE, type S3Object, type S3Page, type S3Sdk } from './sdk.js';

/** Options of {@link s3}. */
export interface S3Options extends ClientOptions {
  /** The bucket's name, or the ARN or alias of an access point. */
  readonly bucket: string;
  /** Each object's key begins with this and `/`. @default objects lie at the top of the bucket */
  readonly prefix?: string | undefined;
  /** The account that must own the bucket. Calls are refused if another one does. @default any */
  readonly owner?: string | undefined;
  /**
   * The encryption of new objects at S3: with keys of S3, or with a KMS key by its ARN or alias.
   * @default the bucket's own default encryption, which S3 always has
   */
  readonly encryption?: 'AES256' | { readonly kmsKey: string } | undefined;
  /** True to name the bucket in the URL's path, not in its host name. @default true if `endpoint` is set */
  readonly pathStyle?: boolean | undefined;
  /** The most bytes of one record. @default 64 MiB */
  readonly maxBytes?: number | undefined;
  /** Returns the time by which records end, in epoch milliseconds. @default the machine's clock */
  readonly now?: (() => number) | undefined;
}

const OPTIONS = [
  ...['bucket', 'prefix', 'region', 'endpoint', 'pathStyle', 'owner', 'encryption', 'maxBytes', 'client'],
  'now',
];
const MAX_BYTES = 64 * 1024 * 1024;
/** The names of an object's metadata, which S3 keeps in lower case. */
const VERSION = 'stepwright-version';
const UNTIL = 'stepwright-until';
/** The most keys of one list. An object's end is not listed, so each object has to be asked. */
const PAGE = 500;
const ASKED_AT_ONCE = 32;
/** A write that meets another write at the same time is tried this many times. */
const MOST_TRIES = 5;
const TRY_AGAIN_MS = 50;

/**
 * Keeps records as objects in a bucket of S3, or of a service with the same API.
 *
 * Needs the package `@aws-sdk/client-s3`. Retries calls as the SDK does, up to three times. S3 can't remove a record if
 * it is unchanged, so this is no store for what several workers replace.
 * @throws TypeError if the options aren't valid; StoreError if the package isn't installed
 */
export function s3(options: S3Options): ObjectStore {
  checkOptions('s3()', options, OPTIONS);
  if (typeof options.bucket !== 'string' || options.bucket === '')
    throw new TypeError(`s3() needs \`bucket\`, the name of a bucket`);
  checkPeer(S3_PACKAGE, 's3()');
  return new S3Store(options);
}

/** An object without its bytes. */
interface Head {
  readonly version: string;
  readonly etag: string | undefined;
  readonly ended: boolean;
}

/** Conditions of a write. */
type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string | undefined } | undefined;

class S3Store implements ObjectStore {
  readonly name: string;
  readonly uri: string;
  readonly maxBytes: number;
  readonly #options: S3Options;
  readonly #prefix: string;
  readonly #now: () => number;
  #opened: { readonly sdk: S3Sdk; readonly client: SdkClient } | undefined;

  constructor(options: S3Options) {
    const { bucket, prefix = '', maxBytes = MAX_BYTES, now = () => systemClock.now() } = options;
    const path = prefix.replaceAll(/^\/+|\/+$/g, '');
    this.uri = path === '' ? `s3://${bucket}` : `s3://${bucket}/${path}`;
    this.name = `S3 bucket ${this.uri}`;
    this.maxBytes = maxBytes;
    this.#options = options;
    this.#prefix = path === '' ? '' : `${path}/`;
    this.#now = now;
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<string> {
    const bytes = this.#check(key, value);
    const version = randomUUID();
    await this.#write(key, bytes, { ...options, version, condition: undefined });
    return version;
  }

  async putIfAbsent(key: string, value: Uint8Array, options: PutOptions = {}): Promise<string | undefined> {
    const bytes = this.#check(key, value);
    const version = randomUUID();
    let condition: Condition = { IfNoneMatch: '*' };
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      if (await this.#write(key, bytes, { ...options, version, condition })) return version;
      const there = await this.#head(key, options);
      // The answer to an earlier attempt of the SDK may have been lost: this is the very object that it wrote.
      if (there?.version === version) return version;
      if (there && !there.ended) return undefined;
      condition = there ? { IfMatch: there.etag } : { IfNoneMatch: '*' };
      await systemClock.sleep(tries * TRY_AGAIN_MS, options.signal);
    }
    throw new StoreError('unavailable', `${key} in ${this.name} is written by others all the time`);
  }

  async get(key: string, options: GetOptions = {}): Promise<Stored | undefined> {
    checkKey(key);
    const most = Math.min(this.maxBytes, options.maxBytes ?? this.maxBytes);
    for (let tries = 1; ; tries++) {
      const found = await this.#find('GetObject', key, options);
      const head = found && this.#read(found);
      if (!found || !head || head.ended) {
        found?.Body?.destroy();
        return undefined;
      }
      try {
        const value = await readBody(found, { key, most, name: this.name, signal: options.signal });
        return { value, version: head.version };
      } catch (error) {
        // The SDK tries a call again, but not the reading of its body.
        if (error instanceof StoreError || options.signal?.aborted) throw error;
        if (tries === 3) throw this.#failure(error, 'GetObject', key, options);
        await systemClock.sleep(tries * TRY_AGAIN_MS, options.signal);
      }
    }
  }

  async delete(key: string, options: ReadOptions = {}): Promise<void> {
    checkKey(key);
    try {
      await this.#send('DeleteObject', key, {}, options);
    } catch (error) {
      throw this.#failure(error, 'DeleteObject', key, options);
    }
  }

  async list(prefix: string, options: ReadOptions & { after?: string | undefined } = {}): Promise<KeyPage> {
    const input = {
      Prefix: this.#prefix + prefix,
      MaxKeys: PAGE,
      ...(options.after !== undefined && { StartAfter: this.#prefix + options.after }),
    };
    const page = await this.#page(prefix, input, options);
    const listed = (page.Contents ?? []).map(({ Key = '' }) => Key.slice(this.#prefix.length));
    const keys = await this.#thatLive(listed.filter(isKey), options);
    return page.IsTruncated === true ? { keys, next: listed.at(-1) } : { keys };
  }

  async examine(options: ReadOptions = {}): Promise<readonly StoreFinding[]> {
    const { bucket } = this.#options;
    const operation = 'GetBucketLifecycleConfiguration';
    let rules: readonly LifecycleRule[] = [];
    try {
      const answer = (await this.#send(operation, undefined, {}, options)) as { Rules?: LifecycleRule[] };
      rules = answer.Rules ?? [];
    } catch (error) {
      if (sdkFailure(error).code !== 'NoSuchLifecycleConfiguration')
        throw this.#failure(error, operation, '', options);
    }
    return lookAtLifecycle(bucket, this.#prefix, rules);
  }

  /** Returns the keys of records whose time to live isn't over, in the same order. */
  async #thatLive(keys: readonly string[], options: ReadOptions): Promise<string[]> {
    const living: string[] = [];
    for (let from = 0; from < keys.length; from += ASKED_AT_ONCE) {
      const part = keys.slice(from, from + ASKED_AT_ONCE);
      const heads = await Promise.all(part.map((key) => this.#head(key, options)));
      living.push(...part.filter((_, index) => heads[index]?.ended === false));
    }
    return living;
  }

  /** Checks a record. Returns a copy of its bytes, since they are read again for each attempt. */
  #check(key: string, value: Uint8Array): Uint8Array {
    checkKey(key);
    checkSize(this, key, value);
    return new Uint8Array(value);
  }

  /** Writes an object. Returns false if the condition isn't met, or if another write is on its way. */
  async #write(
    key: string,
    value: Uint8Array,
    { ttlMs, signal, version, condition }: PutOptions & { version: string; condition: Condition },
  ): Promise<boolean> {
    const until = ttlMs === undefined ? undefined : String(Math.ceil(this.#now() + ttlMs));
    const input = {
      ...{ Body: value, ContentLength: value.byteLength, ...condition, ...this.#encryption() },
      Metadata: { [VERSION]: version, ...(until !== undefined && { [UNTIL]: until }) },
    };
    try {
      await this.#send('PutObject', key, input, { signal });
      return true;
    } catch (error) {
      if (condition && isRefused(error)) return false;
      throw this.#failure(error, 'PutObject', key, { signal });
    }
  }

  #encryption(): object {
    const { encryption } = this.#options;
    if (encryption === undefined) return {};
    if (encryption === 'AES256') return { ServerSideEncryption: 'AES256' };
    return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: encryption.kmsKey, BucketKeyEnabled: true };
  }

  async #head(key: string, options: ReadOptions): Promise<Head | undefined> {
    const found = await this.#find('HeadObject', key, options);
    return found && this.#read(found);
  }

  #read({ Metadata = {}, ETag }: S3Object): Head {
    const until = Metadata[UNTIL] === undefined ? Number.POSITIVE_INFINITY : Number(Metadata[UNTIL]);
    // An object that another program wrote has no version of ours.
    return { version: Metadata[VERSION] ?? ETag ?? '', etag: ETag, ended: until <= this.#now() };
  }

  /** Asks for an object; undefined if there is none. */
  async #find(
    operation: 'GetObject' | 'HeadObject',
    key: string,
    options: ReadOptions,
  ): Promise<S3Object | undefined> {
    try {
      return (await this.#send(operation, key, {}, options)) as S3Object;
    } catch (error) {
      const { code, status } = sdkFailure(error);
      if (status === 404 && code !== 'NoSuchBucket') return undefined;
      throw this.#failure(error, operation, key, options);
    }
  }

  async #page(prefix: string, input: object, options: ReadOptions): Promise<S3Page> {
    try {
      return (await this.#send('ListObjectsV2', undefined, input, options)) as S3Page;
    } catch (error) {
      throw this.#failure(error, 'ListObjectsV2', prefix, options);
    }
  }

  /** @param key undefined if the call is for no object */
  #send(
    operation: S3Operation,
    key: string | undefined,
    input: object,
    { signal }: ReadOptions,
  ): Promise<unknown> {
    const { sdk, client } = (this.#opened ??= this.#open());
    const { bucket, owner } = this.#options;
    const place = { Bucket: bucket, ...(owner !== undefined && { ExpectedBucketOwner: owner }) };
    const named = key === undefined ? place : { ...place, Key: this.#prefix + key };
    return send(client, new sdk[`${operation}Command`]({ ...named, ...input }), signal);
  }

  #open(): { sdk: S3Sdk; client: SdkClient } {
    const sdk = loadS3();
    const forcePathStyle = this.#options.pathStyle ?? this.#options.endpoint !== undefined;
    return {
      sdk,
      client: clientOf(this.#options, (settings) => new sdk.S3Client(settings), { forcePathStyle }),
    };
  }

  /** Returns what a method rejects with: a `StoreError`, or the reason of the caller's signal as it is. */
  #failure(error: unknown, operation: S3Operation, key: string, { signal }: ReadOptions): unknown {
    if (signal?.aborted) return signal.reason;
    const path = this.#prefix + key;
    return s3Failure(error, {
      operation,
      bucket: this.#options.bucket,
      prefix: path.slice(0, path.lastIndexOf('/') + 1),
    });
  }
}

/** Returns true if an object was not written because of a condition, or because another write is on its way. */
function isRefused(error: unknown): boolean {
  const { code, status } = sdkFailure(error);
  // S3 has also answered a condition that isn't met by 200 and an error in the body.
  if (code === 'PreconditionFailed' || code === 'ConditionalRequestConflict') return true;
  return status === 412 || status === 409 || code === 'NoSuchKey';
}
