import { isObject, type Json, type JsonObject } from '../../../asl/values/json.js';

/** A member of a service's answer. */
type Shape =
  | { readonly kind: 'string'; readonly min?: number; readonly values?: readonly string[] }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'object'; readonly members: Members; readonly required?: readonly string[] };
type Members = Readonly<Record<string, Shape>>;

/**
 * Returns what is wrong with a mocked answer of a service, in the words that were recorded from the live service.
 * Returns undefined if nothing is, or if the answer of this resource isn't known.
 * @param resource the type and the action of a resource, such as `events:putEvents`
 * @param isStrict false if members may be missing
 */
export function faultOfMock(resource: string, result: Json, isStrict: boolean): string | undefined {
  const shape = MOCK_SHAPES.get(resource);
  return shape ? faultOf('', shape, result, isStrict) : undefined;
}

function faultOf(field: string, shape: Shape, value: Json, isStrict: boolean): string | undefined {
  const fault = `Field '${field}'`;
  switch (shape.kind) {
    case 'string':
      if (typeof value !== 'string') return `${fault} must be a string`;
      if (value.length < (shape.min ?? 0)) return `${fault} is smaller than the minimum length`;
      return shape.values && !shape.values.includes(value) ? `${fault} is not an expected value` : undefined;
    case 'number':
      if (typeof value !== 'number') return `${fault} must be a number`;
      if (value < (shape.min ?? -Infinity)) return `${fault} is less than the minimum value`;
      return value > (shape.max ?? Infinity) ? `${fault} exceeds the maximum value` : undefined;
    case 'list':
      if (!Array.isArray(value)) return `${fault} must be an array`;
      return first(value.map((each) => () => faultOf(field, shape.of, each, isStrict)));
    default:
      return isObject(value) ? faultOfMembers(shape, value, isStrict) : `${fault} must be an object`;
  }
}

function faultOfMembers(
  { members, required = [] }: Extract<Shape, { kind: 'object' }>,
  value: JsonObject,
  isStrict: boolean,
): string | undefined {
  const missing = isStrict ? required.find((name) => !Object.hasOwn(value, name)) : undefined;
  if (missing !== undefined) return `Required field '${missing}' is missing`;
  return first(
    Object.entries(members).map(([name, shape]) => () => {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      return member === undefined || member === null ? undefined : faultOf(name, shape, member, isStrict);
    }),
  );
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) return fault;
  }
  return undefined;
}

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
const MOCK_SHAPES: ReadonlyMap<string, Shape> = new Map([
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
