import { StoreError } from '../../../base/store/store-error.js';
import { commonFailure, said, sdkFailure } from '../sdk-client.js';
import { createTable } from './table.js';

/** The operations that a store uses. Each needs the permission of its name. */
export type DynamoDbOperation =
  | 'PutItem'
  | 'GetItem'
  | 'DeleteItem'
  | 'Query'
  | 'DescribeTable'
  | 'DescribeTimeToLive';

/** A call to DynamoDB, for messages. */
export interface DynamoDbCall {
  readonly operation: DynamoDbOperation;
  readonly table: string;
}

/** Returns the `StoreError` for an error of the SDK. */
export function dynamoDbFailure(thrown: unknown, { operation, table }: DynamoDbCall): StoreError {
  const failure = sdkFailure(thrown);
  const { error, code } = failure;
  const call = `${operation} in the DynamoDB table ${table}`;
  const because = (kind: 'denied' | 'too-large' | 'unavailable', text: string): StoreError =>
    new StoreError(kind, text, { cause: error });
  if (code === 'ResourceNotFoundException')
    return because('denied', `there is no DynamoDB table ${table} in this region: ${createTable(table)}`);
  const common = commonFailure(failure, call);
  if (common) return common;
  if (CONFLICTS.has(code)) return because('unavailable', `${call} failed: ${said(error, code)}`);
  const told = `${call} was refused: ${said(error, code)}`;
  if (/size has exceeded/i.test(error.message)) return because('too-large', told);
  if (code === 'AccessDeniedException') return because('denied', `${told}. It needs dynamodb:${operation}`);
  if (/key element|schema|key attribute/i.test(error.message)) return because('denied', `${told}. ${KEYS}`);
  return because('denied', told);
}

/** Another write to the item was on its way. */
const CONFLICTS = new Set([
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
  'ResourceInUseException',
]);
const KEYS = "The table's partition key must be `pk`, its sort key `sk`, both of type S";
