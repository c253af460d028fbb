/** An object in a bucket, as a listing has it. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** The quotes around it are part of it. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  readonly storageClass: string;
}

/**
 * Amazon S3, or what stands for it. Every method fails with an Error whose message says why, as the cause of a state's
 * failure.
 */
export interface ObjectStore {
  /** Yields the bytes of an object until it ends or the signal aborts. */
  read(bucket: string, key: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Yields the objects whose keys begin with `prefix`, in the order of their keys. */
  list(bucket: string, prefix: string, signal: AbortSignal): AsyncIterable<readonly StoredObject[]>;
  /** Stores the contents of a file as an object. */
  write(bucket: string, key: string, file: string): Promise<void>;
}
