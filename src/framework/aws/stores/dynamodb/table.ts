/** The attributes of an item. All names are short, as each item holds them. */
export const PARTITION = 'pk';
export const SORT = 'sk';
/** The record's bytes. */
export const VALUE = 'value';
export const VERSION = 'version';
/** The end of the record, in epoch milliseconds. */
export const UNTIL = 'until';
/** The same in epoch seconds, by which DynamoDB deletes the item some time later. */
export const EXPIRES = 'expires';

/** Returns the command that creates a table. */
export const createTable = (table: string): string =>
  `aws dynamodb create-table --table-name ${table} --billing-mode PAY_PER_REQUEST ` +
  `--attribute-definitions AttributeName=${PARTITION},AttributeType=S AttributeName=${SORT},AttributeType=S ` +
  `--key-schema AttributeName=${PARTITION},KeyType=HASH AttributeName=${SORT},KeyType=RANGE`;

/** Returns the command that lets DynamoDB delete the items whose time is over. */
export const enableTtl = (table: string): string =>
  `aws dynamodb update-time-to-live --table-name ${table} ` +
  `--time-to-live-specification Enabled=true,AttributeName=${EXPIRES}`;
