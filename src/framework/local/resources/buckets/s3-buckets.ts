import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ObjectStore, StoredObject } from '../../../asl/runtime/running-execution.js';
import { type SdkPackages, settingsAt } from '../services/service-client.js';

export const S3_PACKAGE = '@aws-sdk/client-s3';

interface S3Client {
  send(command: object, options: { abortSignal?: AbortSignal }): Promise<object>;
}

/** The parts of the SDK's package that are used. */
interface S3Module {
  readonly S3Client: new (config: object) => S3Client;
  readonly GetObjectCommand: new (input: object) => object;
  readonly ListObjectsV2Command: new (input: object) => object;
  readonly PutObjectCommand: new (input: object) => object;
}

/** A page of a listing, as the SDK returns it. */
interface Page {
  readonly Contents?: readonly {
    readonly Key?: string;
    readonly Size?: number;
    readonly ETag?: string;
    readonly LastModified?: Date;
    readonly StorageClass?: string;
  }[];
  readonly NextContinuationToken?: string;
}

/** The buckets of an endpoint of Amazon S3, by the user's own SDK. */
export class S3Buckets implements ObjectStore {
  #loaded: Promise<{ readonly module: S3Module; readonly client: S3Client }> | undefined;

  constructor(
    private readonly packages: SdkPackages,
    private readonly endpoint: string,
  ) {}

  async *read(Bucket: string, Key: string, abortSignal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { module, client } = await this.#load();
    const got = await client.send(new module.GetObjectCommand({ Bucket, Key }), { abortSignal });
    const { Body } = got as { readonly Body?: AsyncIterable<Uint8Array> };
    if (Body) yield* Body;
  }

  async *list(Bucket: string, Prefix: string, abortSignal: AbortSignal): AsyncGenerator<StoredObject[]> {
    const { module, client } = await this.#load();
    for (let token: string | undefined; ;) {
      const command = new module.ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: token });
      const page = (await client.send(command, { abortSignal })) as Page;
      yield (page.Contents ?? []).map((each) => ({
        key: each.Key ?? '',
        size: each.Size ?? 0,
        etag: each.ETag ?? '',
        modifiedAt: each.LastModified?.getTime() ?? 0,
        storageClass: each.StorageClass ?? 'STANDARD',
      }));
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  async write(Bucket: string, Key: string, file: string): Promise<void> {
    const { module, client } = await this.#load();
    const { size } = await stat(file);
    const input = { Bucket, Key, Body: createReadStream(file), ContentLength: size };
    await client.send(new module.PutObjectCommand(input), {});
  }

  #load(): Promise<{ readonly module: S3Module; readonly client: S3Client }> {
    return (this.#loaded ??= this.packages.load(S3_PACKAGE).then((loaded) => {
      const module = loaded as S3Module;
      const client = new module.S3Client({
        ...settingsAt(this.endpoint),
        region: 'us-east-1',
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      return { module, client };
    }));
  }
}
