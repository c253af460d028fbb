import { loadPeer, type SdkClient } from '../sdk-client.js';

/** The package of the SDK for DynamoDB, which is an optional peer. */
export const DYNAMODB_PACKAGE = '@aws-sdk/client-dynamodb';

/**
 * The part of `@aws-sdk/client-dynamodb` that is used. It is declared here, because the package is optional, so its own
 * types may be missing.
 */
export interface DynamoDbSdk {
  readonly DynamoDBClient: new (settings: object) => SdkClient;
  readonly PutItemCommand: new (input: object) => object;
  readonly GetItemCommand: new (input: object) => object;
  readonly DeleteItemCommand: new (input: object) => object;
  readonly QueryCommand: new (input: object) => object;
  readonly DescribeTableCommand: new (input: object) => object;
  readonly DescribeTimeToLiveCommand: new (input: object) => object;
}

/** A value of an item: a text, a number as text, or bytes. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
}
export type Item = Readonly<Record<string, AttributeValue>>;

/** Loads the SDK's client for DynamoDB. @throws StoreError of kind `denied` if it isn't installed */
export const loadDynamoDb = (): DynamoDbSdk => loadPeer(DYNAMODB_PACKAGE, 'dynamodb()') as DynamoDbSdk;
