import { isObject, type Json, type JsonObject } from '../../asl/values/json.js';
import { headerIn, type HttpHeaders } from './http-request.js';

/** Returns a name with a small, or a capital, first letter. */
export const lowered = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
export const raised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Returns a name as the SDK for Java spells it: of several capitals, the first one alone stays one. */
export const javaName = (name: string): string =>
  name.replaceAll(/[A-Z]+(?![a-z])/g, (capitals) => capitals.charAt(0) + capitals.slice(1).toLowerCase());

/** Returns an object with its members sorted by their names. */
export const sorted = <T>(members: readonly (readonly [name: string, T])[]): Record<string, T> =>
  Object.fromEntries(members.toSorted(([one], [other]) => (one < other ? -1 : 1)));

/** The fields of Step Functions' API that are dates: numbers of seconds. */
const DATES = ['startDate', 'stopDate', 'creationDate', 'updateDate', 'redriveDate', 'timestamp'];
/** The fields of its requests that are JSON as text. A Task may give any JSON for them. */
const TEXTS = ['input', 'output', 'definition'];

/** Returns the request of the API for the arguments of a Task, whose keys begin with a capital. */
export function sdkRequest(given: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const field = lowered(key);
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
  return Object.fromEntries(entries.map(([key, value]) => [raised(key), shown(key, value)]));
}

/** The names of headers as AWS sends them. The SDK has them with small letters only. */
const NAMES = new Map(
  ['x-amzn-RequestId', 'Content-Length', 'Content-Type', 'Date', 'Server'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/** Returns the values of headers by their names, as an integration spells these. */
export function valuesOf(headers: HttpHeaders, spelt: (name: string) => string): Record<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of headers) all.set(spelt(name), [...(all.get(spelt(name)) ?? []), value]);
  return Object.fromEntries(all);
}

/**
 * Returns what the optimised integrations of most services add to the response of an API. Recorded from the live
 * service: `AllHttpHeaders` has lists, `HttpHeaders` single values, sorted by their names without regard to case.
 */
export function sdkMetadata(
  status: number,
  headers: HttpHeaders,
  requestId = headerIn(headers, 'x-amzn-requestid') ?? '',
): object {
  const all = valuesOf(headers, (name) => NAMES.get(name) ?? name);
  const names = Object.keys(all).toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: all,
      HttpHeaders: Object.fromEntries(names.map((name) => [name, all[name]?.at(-1)])),
      HttpStatusCode: status,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}
