import type { ObjectStore, StoredObject } from '../../../asl/runtime/running-execution.js';
import type { SdkPackages } from '../services/service-client.js';
import { type Environment, endpointIn } from '../services/services.js';
import { FolderBucket } from './folder-bucket.js';
import { S3_PACKAGE, S3Buckets } from './s3-buckets.js';

/** The folders that stand for buckets of Amazon S3, by the buckets' names. */
export type Folders = Readonly<Record<string, string>>;

const VARIABLE = 'AWS_ENDPOINT_URL_S3';

/** Finds what stands for a bucket: its folder, or else the endpoint of Amazon S3 that the environment names. */
export class Buckets implements ObjectStore {
  readonly #folders: ReadonlyMap<string, FolderBucket>;
  readonly #s3: S3Buckets | undefined;

  constructor(
    folders: Folders,
    private readonly packages: SdkPackages | undefined,
    private readonly env: Environment,
  ) {
    this.#folders = new Map(Object.entries(folders).map(([name, path]) => [name, new FolderBucket(path)]));
    const endpoint = endpointIn(env, VARIABLE);
    if (endpoint !== undefined && packages?.has(S3_PACKAGE)) this.#s3 = new S3Buckets(packages, endpoint);
  }

  async *read(bucket: string, key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* this.#storeOf(bucket).read(bucket, key, signal);
  }

  async *list(bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<readonly StoredObject[]> {
    yield* this.#storeOf(bucket).list(bucket, prefix, signal);
  }

  async write(bucket: string, key: string, file: string): Promise<void> {
    await this.#storeOf(bucket).write(bucket, key, file);
  }

  #storeOf(bucket: string): ObjectStore {
    const store = this.#folders.get(bucket) ?? this.#s3;
    if (store) return store;
    const folder = `name a folder for it by the option s3: { '${bucket}': './folder' }`;
    const endpoint =
      endpointIn(this.env, VARIABLE) === undefined
        ? `set ${VARIABLE} to the URL of an emulator`
        : `install the client of Amazon S3: npm install --save-dev ${S3_PACKAGE}`;
    const fixes = this.packages ? `${folder}, or ${endpoint}` : folder;
    throw new Error(`Nothing stands for the bucket '${bucket}' in the local service: ${fixes}.`);
  }
}
