export { dynamodb, type DynamoDbOptions } from './dynamodb-store.js';
