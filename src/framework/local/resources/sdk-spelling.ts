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
