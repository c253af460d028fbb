import { directory, type Store } from '../../../src/framework/index.js';
import { dynamodb } from '../../../src/framework/aws/stores/dynamodb.js';

/** Returns the store at a folder or a URL of DynamoDB; undefined for an empty text. */
export function storeAt(place: string): Store | undefined {
  if (place === '') return undefined;
  if (!place.startsWith('http')) return directory(place);
  const client = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  // Moto counts the bytes of a record a third too high.
  return dynamodb({ table: 'kept', endpoint: place, client, maxBytes: 256 * 1024 });
}
