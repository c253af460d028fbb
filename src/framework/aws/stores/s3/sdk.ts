import type { SdkClient } from '../sdk-client.js';
import { loadPeer } from '../sdk-client.js';

/** The package of the SDK for S3, which is an optional peer. */
export const S3_PACKAGE = '@aws-sdk/client-s3';

/**
 * The part of `@aws-sdk/client-s3` that is used. It is declared here, because the package is optional, so its own types
 * may be missing.
 */
export interface S3Sdk {
  readonly S3Client: new (settings: object) => SdkClient;
  readonly PutObjectCommand: new (input: object) => object;
  readonly GetObjectCommand: new (input: object) => object;
  readonly HeadObjectCommand: new (input: object) => object;
  readonly DeleteObjectCommand: new (input: object) => object;
  readonly ListObjectsV2Command: new (input: object) => object;
  readonly GetBucketLifecycleConfigurationCommand: new (input: object) => object;
}

/** A response to GetObject or HeadObject. */
export interface S3Object {
  /** Only GetObject returns it. */
  readonly Body?: S3Body;
  readonly ContentLength?: number;
  readonly ETag?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
}

/** The bytes of an object, as they come. */
export type S3Body = AsyncIterable<Uint8Array> & { destroy(error?: Error): unknown };

export interface S3Page {
  readonly Contents?: readonly { readonly Key?: string }[];
  readonly IsTruncated?: boolean;
}

/** Loads the SDK's client for S3. @throws StoreError of kind `denied` if it isn't installed */
export const loadS3 = (): S3Sdk => loadPeer(S3_PACKAGE, 's3()') as S3Sdk;
