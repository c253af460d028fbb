import { StoreError } from '../../../base/store/store-error.js';
import { commonFailure, said, sdkFailure } from '../sdk-client.js';

/** The operations that a store uses, and the permission for each. */
export const PERMISSIONS = {
  PutObject: 's3:PutObject',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
} as const;
export type S3Operation = keyof typeof PERMISSIONS;

/** A call to S3, for messages. */
export interface S3Call {
  readonly operation: S3Operation;
  readonly bucket: string;
  /** The object's key up to its last `/`. The rest may be made of a user's data. */
  readonly prefix: string;
}

/** Returns the `StoreError` for an error of the SDK. */
export function s3Failure(thrown: unknown, { operation, bucket, prefix }: S3Call): StoreError {
  const failure = sdkFailure(thrown);
  const { error, code, status } = failure;
  const call = `${operation} in the S3 bucket ${bucket}, prefix '${prefix}',`;
  const because = (kind: 'denied' | 'too-large', text: string): StoreError =>
    new StoreError(kind, text, { cause: error });
  if (code === 'NoSuchBucket' || code === 'PermanentRedirect' || status === 301)
    return because('denied', elsewhere(bucket, code));
  const common = commonFailure(failure, call);
  if (common) return common;
  if (code === 'EntityTooLarge') return because('too-large', `${call} was refused: ${said(error, code)}`);
  if (status === 403)
    return because('denied', `${call} was refused: ${said(error, code)}. ${allow(operation)}`);
  return because('denied', `${call} was refused: ${said(error, code)}`);
}

const elsewhere = (bucket: string, code: string): string =>
  code === 'NoSuchBucket'
    ? `there is no S3 bucket ${bucket}: create it with aws s3 mb s3://${bucket}, or correct \`bucket\` of the store`
    : `the S3 bucket ${bucket} lies in another region: set \`region\` of the store to the bucket's`;

/** Returns the advice for a call that isn't allowed. A missing object is also answered by 403 without s3:ListBucket. */
function allow(operation: S3Operation): string {
  const permission = PERMISSIONS[operation];
  const listed = operation === 'GetObject' || operation === 'HeadObject' ? ' and s3:ListBucket' : '';
  return `It needs ${permission}${listed}, the key's permissions if a KMS key encrypts the bucket, and \`owner\` must be the bucket's`;
}
