import { isObject, type Json, type JsonObject } from '../asl/values/json.js';

/** The fields of Step Functions' API that are dates: numbers of seconds. */
const DATES = ['startDate', 'stopDate', 'creationDate', 'updateDate', 'redriveDate', 'timestamp'];
/** The fields of its requests that are JSON as text. A Task may give any JSON for them. */
const TEXTS = ['input', 'output', 'definition'];

/** Returns the request of the API for the arguments of a Task, whose keys begin with a capital. */
export function sdkRequest(given: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const field = key.charAt(0).toLowerCase() + key.slice(1);
      const isText = typeof value === 'string' || value === null || !TEXTS.includes(field);
      return [field, isText ? requested(value) : JSON.stringify(value)];
    }),
  );
}

function requested(value: Json): Json {
  if (Array.isArray(value)) return value.map(requested);
  return isObject(value) ? sdkRequest(value) : value;
}

/** Returns a response of the API as a Task's result: its keys begin with a capital. @param date converts seconds */
export function sdkResponse(response: object, date: (seconds: number) => Json): Json {
  const shown = (key: string, value: Json): Json => {
    if (typeof value === 'number' && DATES.includes(key)) return date(value);
    return typeof value === 'object' && value !== null ? sdkResponse(value, date) : value;
  };
  if (Array.isArray(response)) return response.map((each: Json) => shown('', each));
  const entries = Object.entries(response as JsonObject).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), shown(key, value)]),
  );
}

/** Headers of a response with their names as they were sent. */
export type HttpHeaders = readonly (readonly [name: string, value: string])[];

/** The names of headers as AWS sends them. The SDK has them with small letters only. */
const NAMES = new Map(
  ['x-amzn-RequestId', 'Content-Length', 'Content-Type', 'Date', 'Server'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/**
 * Returns what the optimised integrations of most services add to the response of an API. Recorded from the live
 * service: `AllHttpHeaders` has lists, `HttpHeaders` single values, sorted by their names without regard to case.
 */
export function sdkMetadata(status: number, headers: HttpHeaders, requestId: string | undefined): object {
  const all: Record<string, string[]> = {};
  for (const [name, value] of headers) (all[NAMES.get(name) ?? name] ??= []).push(value);
  const names = Object.keys(all).toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: all,
      HttpHeaders: Object.fromEntries(names.map((name) => [name, all[name]?.at(-1)])),
      HttpStatusCode: status,
    },
    SdkResponseMetadata: { RequestId: requestId ?? '' },
  };
}
