import { bareText, isObject, type Json, type JsonObject } from '../../../asl/values/json.js';
import { javaName, raised, sorted } from '../sdk-spelling.js';
import { didYouMean } from '../../../base/show.js';

/**
 * Converts the parameters and the responses of APIs between the form of Step Functions and that of the AWS SDK for
 * JavaScript. The SDK's own schema of an operation says which keys are members, and which are keys of a map: only the
 * former change their first letter. A client without schemas, of 2025 or older, takes and gives them as they are.
 */

/** The schema of a value, as a command of the SDK has it. Its forms are those of `@smithy/core/schema`. */
export type Schema = unknown;

/** The kinds of collections. A list of a simple type is the number of that type plus 64, and a map of it plus 128. */
const LIST = 1;
const MAP = 2;
const STRUCTURES: readonly unknown[] = [3, 4, -3];
const TEXT = 0;
const isTimestamp = (schema: Schema): boolean => typeof schema === 'number' && schema >= 4 && schema <= 7;
const BLOB = 21;
/** Such as an object in S3. */
const STREAM = 42;

/** Returns a schema without what is written around it: a function, the traits of a member, or the name of a simple type. */
function bare(schema: Schema): Schema {
  if (typeof schema === 'function') return bare((schema as () => Schema)());
  if (!Array.isArray(schema)) return schema;
  if (schema.length === 2) return bare(schema[0]);
  return schema[0] === TEXT ? bare(schema[4]) : schema;
}

interface Structure {
  readonly names: readonly string[];
  readonly schemas: readonly Schema[];
}

const structureIn = (schema: Schema): Structure | undefined =>
  Array.isArray(schema) && STRUCTURES.includes(schema[0])
    ? { names: schema[4] as string[], schemas: schema[5] as Schema[] }
    : undefined;

/** Returns the schema of what a list, or a map, contains; undefined if the schema is none. */
function contentOf(schema: Schema, kind: typeof LIST | typeof MAP): Schema {
  if (Array.isArray(schema) && schema[0] === kind) return schema.at(-1) as Schema;
  const added = kind === LIST ? 64 : 128;
  return typeof schema === 'number' && (schema & added) !== 0 ? schema - added : undefined;
}

/** Returns the parameters of a Task as the SDK takes them. Other JSON than text is serialised where the API has text. */
export function toSdk(value: Json, given: Schema): unknown {
  const schema = bare(given);
  const structure = structureIn(schema);
  if (structure && isObject(value)) return membersToSdk(value, structure);
  if (Array.isArray(value) && contentOf(schema, LIST) !== undefined)
    return value.map((each) => toSdk(each, contentOf(schema, LIST)));
  if (isObject(value) && contentOf(schema, MAP) !== undefined)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, toSdk(each, contentOf(schema, MAP))]),
    );
  if (isTimestamp(schema))
    return typeof value === 'number' ? new Date(value * 1000) : new Date(bareText(value));
  // Recorded from the live service for S3: text is JSON too, with its quotes.
  if (schema === STREAM) return Buffer.from(JSON.stringify(value));
  if (schema === BLOB) return Buffer.from(bareText(value));
  return schema === TEXT && typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** Step Functions has no such action, or no such parameter of it. */
export class NotSupported extends Error {}

/** @throws NotSupported if a key isn't spelt as Step Functions spells it: with a capital, otherwise as in the API or in Java */
function membersToSdk(value: JsonObject, { names, schemas }: Structure): object {
  const spelt = names.map(raised);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const at = spelt.findIndex((name) => key === name || key === javaName(name));
      if (at < 0)
        throw new NotSupported(
          `The field '${key}' is not supported by Step Functions: ${didYouMean(key, spelt)}`,
        );
      return [names[at], toSdk(each, schemas[at])];
    }),
  );
}

/** Returns the response of the SDK as a Task's result. Recorded from the live service: its members are sorted. */
export async function fromSdk(value: unknown, given: Schema): Promise<Json> {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object') return value as Json;
  if (isStream(value)) return value.transformToString();
  const schema = bare(given);
  if (Array.isArray(value)) return Promise.all(value.map((each) => fromSdk(each, contentOf(schema, LIST))));
  const structure = structureIn(schema);
  if (structure || given === undefined) return membersFromSdk(value, structure);
  const entries = Object.entries(value).map(
    async ([key, each]: [string, unknown]) =>
      [key, await fromSdk(each, contentOf(schema, MAP) ?? schema)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function membersFromSdk(value: object, structure: Structure | undefined): Promise<JsonObject> {
  const members: [string, Json][] = [];
  let streamed: [string, Json] | undefined;
  for (const [key, each] of Object.entries(value) as [string, unknown][]) {
    if (each === undefined || key === '$metadata') continue;
    const at = structure?.names.indexOf(key) ?? -1;
    const member: [string, Json] = [raised(key), await fromSdk(each, structure?.schemas[at])];
    if (isStream(each)) streamed = member;
    else members.push(member);
  }
  return { ...sorted(members), ...(streamed && Object.fromEntries([streamed])) };
}

/** The body of a response, such as an object in S3. */
interface Stream {
  transformToString(): Promise<string>;
}

const isStream = (value: unknown): value is Stream =>
  typeof value === 'object' && value !== null && 'transformToString' in value;
