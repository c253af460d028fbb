import { isPlainObject } from '../../base/json.js';
import { cut, show } from '../../base/show.js';
import { MOST_TASKS } from '../../base/worker-status.js';
import type { ConsoleWorker } from '../../local/index.js';

/** Returns what is wrong with a value of a status, which is at this path; undefined if nothing is. */
export type Check = (value: unknown, path: string) => string | undefined;

/** The most characters of a text that are believed. */
const MOST_TEXT = 10_000;
/** The most characters of a text that the console shows. */
const SHOWN_TEXT = 400;
const MOST_HANDLERS = 200;

export const kind =
  (expected: string, is: (value: unknown) => boolean): Check =>
  (value, path) =>
    is(value) ? undefined : `${path} is ${show(value)}, expected ${expected}`;

export const text = kind('a text', (value) => typeof value === 'string' && value.length <= MOST_TEXT);
const name = kind('a name', (value) => value !== '' && text(value, '') === undefined);
export const time = kind('a time', Number.isFinite);
const flag = kind('true or false', (value) => typeof value === 'boolean');
const number = kind('a number', Number.isFinite);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const count = kind('a count', isCount);
const counts = kind(
  'an object of counts',
  (value) =>
    isPlainObject(value) && Object.values(value).every((each) => typeof each !== 'number' || isCount(each)),
);

export const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

/** Checks a list and each of its elements. @param most the most elements */
export const listOf =
  (most: number, of: string, check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most)
      return `${path} is ${show(value)}, expected a list of at most ${most} ${of}`;
    for (const [index, each] of value.entries()) {
      const wrong = check(each, `${path}[${index}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

/** Checks fields of an object. It may have others, which a worker of another version may add. */
export const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isPlainObject(value)) return `${path || 'it'} is ${show(value)}, expected an object`;
    for (const [key, check] of Object.entries(checks)) {
      const wrong = check(value[key], path === '' ? key : `${path}.${key}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

/**
 * Checks the status of a worker, in which nothing is trusted, since any program may listen on the port.
 * @param handler checks what is wanted of each handler
 * @param more checks what else is wanted
 */
export const status = (handler: Check, more: Readonly<Record<string, Check>> = {}): Check =>
  fields({ name, state: text, handlers: listOf(MOST_HANDLERS, 'handlers', handler), ...more });

const shownHandler = fields({
  name,
  activityArn: text,
  concurrency: count,
  used: count,
  running: count,
  undelivered: count,
  paused: optional(fields({ by: text, since: time, until: optional(time) })),
  polls: fields({ state: text, trouble: optional(fields({ kind: text, since: time })) }),
});

const shownStatus = status(shownHandler, {
  ready: flag,
  reasons: listOf(MOST_HANDLERS, 'reasons', text),
  version: text,
  startedAt: time,
  drain: optional(fields({ since: time, graceUntil: time })),
  protection: optional(fields({ platform: text, state: text, since: optional(time) })),
  ageMs: optional(number),
  tasksInFlight: count,
  counts,
  tasks: listOf(
    MOST_TASKS,
    'tasks',
    fields({
      handler: text,
      ageMs: number,
      phase: text,
      lastHeartbeatAt: optional(time),
      progress: optional(number),
    }),
  ),
});

/** The status has texts in its handlers' `polls.trouble`, and none deeper. */
const DEPTH = 5;

/** Cuts the texts of a value, and leaves out what lies deeper in it. */
function cutTexts(value: unknown, depth = DEPTH): unknown {
  if (typeof value === 'string') return value.length > SHOWN_TEXT ? `${cut(value, SHOWN_TEXT)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return value.map((each) => cutTexts(each, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [cut(key, SHOWN_TEXT), cutTexts(each, depth - 1)]),
  );
}

/**
 * Reads the JSON of `/status` for the console.
 * @param address the address of the worker's health port
 * @returns what is wrong, if it isn't the status of a worker
 */
export function remoteStatus(value: unknown, address: string): ConsoleWorker | string {
  const wrong = shownStatus(value, '');
  if (wrong !== undefined) return `its status is not believed: ${wrong}`;
  return { ...(cutTexts(value) as ConsoleWorker), address };
}
