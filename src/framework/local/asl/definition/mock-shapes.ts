/** A member of a service's answer. */
export type Shape =
  | { readonly kind: 'string'; readonly min?: number; readonly values?: readonly string[] }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'object'; readonly members: Members; readonly required?: readonly string[] };
export type Members = Readonly<Record<string, Shape>>;

const text: Shape = { kind: 'string' };
const number: Shape = { kind: 'number' };
const oneOf = (values: string): Shape => ({ kind: 'string', values: values.split(' ') });
const object = (members: Members, required: readonly string[] = []): Shape => ({
  kind: 'object',
  members,
  required,
});
const all = (names: string, shape: Shape): Members =>
  Object.fromEntries(names.split(' ').map((name) => [name, shape]));

const STARTED = object({ ExecutionArn: text, StartDate: text }, ['ExecutionArn', 'StartDate']);
const WRITTEN = object({
  ConsumedCapacity: object({
    TableName: text,
    ...all('CapacityUnits ReadCapacityUnits WriteCapacityUnits', number),
  }),
});

/**
 * The answers of services, as far as a mock of them is checked. A member that isn't here may have any value. From the
 * API references of the services.
 */
export const MOCK_SHAPES: ReadonlyMap<string, Shape> = new Map([
  ['states:startExecution', STARTED],
  ['aws-sdk:sfn:startExecution', STARTED],
  [
    'events:putEvents',
    object({
      Entries: { kind: 'list', of: object(all('EventId ErrorCode ErrorMessage', text)) },
      FailedEntryCount: number,
    }),
  ],
  ['lambda:invoke', object({ StatusCode: number, ...all('FunctionError LogResult ExecutedVersion', text) })],
  ['dynamodb:putItem', WRITTEN],
  ['dynamodb:updateItem', WRITTEN],
  ['dynamodb:deleteItem', WRITTEN],
  ['dynamodb:getItem', WRITTEN],
  ['sqs:sendMessage', object(all('MessageId SequenceNumber', text))],
  ['sns:publish', object(all('MessageId SequenceNumber', text))],
  [
    'aws-sdk:s3:getObject',
    object({
      ...all('ContentLength MissingMeta PartsCount TagCount', number),
      ...all('AcceptRanges ContentType ETag LastModified VersionId', text),
      StorageClass: oneOf(
        'STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER DEEP_ARCHIVE OUTPOSTS GLACIER_IR SNOW EXPRESS_ONEZONE FSX_OPENZFS FSX_ONTAP',
      ),
    }),
  ],
  [
    'aws-sdk:kms:encrypt',
    object({
      CiphertextBlob: { kind: 'string', min: 1 },
      KeyId: { kind: 'string', min: 1 },
      EncryptionAlgorithm: oneOf('SYMMETRIC_DEFAULT RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256 SM2PKE'),
    }),
  ],
  [
    'aws-sdk:lambda:getFunction',
    object({
      Configuration: object({
        ...all('FunctionName FunctionArn Role Handler Description LastModified Version', text),
        MemorySize: { kind: 'number', min: 128, max: 10_240 },
        Timeout: { kind: 'number', min: 1 },
        CodeSize: number,
      }),
    }),
  ],
]);
