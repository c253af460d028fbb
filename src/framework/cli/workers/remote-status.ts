import { isPlainObject } from '../../base/json.js';
import {
  type DrainStatus,
  type HandlerPause,
  type HandlerStatus,
  MOST_TASKS,
  type PollStatus,
  type TaskStatus,
} from '../../base/worker-status.js';
import type { ConsoleWorker } from '../../local/index.js';

type Handler = ConsoleWorker['handlers'][number];
type Task = ConsoleWorker['tasks'][number];

/** The most characters of a text that are kept. Names and reasons are shorter. */
const MOST_TEXT = 400;
const MOST_HANDLERS = 200;
const MOST_REASONS = 20;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON of `/status`, in which nothing is trusted: any program may listen on the port, and a worker of another
 * version may have other fields. Returns undefined if it isn't the status of a worker.
 * @param address the address of the worker's health port
 */
export function remoteStatus(value: unknown, address: string): ConsoleWorker | undefined {
  if (!isPlainObject(value)) return undefined;
  const { name, state, handlers, ready, counts } = value;
  if (!isText(name) || !isText(state) || !areFields(handlers)) return undefined;
  const tasks = listOf(value['tasks'], MOST_TASKS, taskIn).toSorted((a, b) => b.ageMs - a.ageMs);
  return {
    ...{ address, name: cut(name), state: cut(state), ready: ready === true },
    reasons: listOf(value['reasons'], MOST_REASONS, textIn),
    version: textIn(value['version']),
    startedAt: numberIn(value['startedAt']),
    drain: drainIn(value['drain']),
    protection: protectionIn(value['protection']),
    ageMs: numberIn(value['ageMs']),
    handlers: listOf(handlers, MOST_HANDLERS, handlerIn),
    ...{ tasks, tasksInFlight: numberIn(value['tasksInFlight']) ?? tasks.length },
    counts: numbersIn(counts),
  };
}

function handlerIn(value: unknown): Handler | undefined {
  if (!isPlainObject(value)) return undefined;
  const count = (key: keyof HandlerStatus): number => Math.max(0, numberIn(value[key]) ?? 0);
  return {
    name: textIn(value['name']) ?? '?',
    activityArn: textIn(value['activityArn']) ?? '?',
    ...{ concurrency: count('concurrency'), used: count('used') },
    ...{ running: count('running'), undelivered: count('undelivered') },
    paused: pauseIn(value['paused']),
    polls: pollsIn(value['polls']),
  };
}

const PAUSED_BY: readonly HandlerPause['by'][] = ['control', 'task'];

function pauseIn(value: unknown): Handler['paused'] {
  if (!isPlainObject(value)) return undefined;
  const by = PAUSED_BY.find((each) => each === value['by']);
  const [since, until] = [numberIn(value['since']), numberIn(value['until'])];
  if (by === undefined || since === undefined) return undefined;
  return { by, since, ...(until !== undefined && { until }) };
}

/** Returns why a handler's polls fail; undefined while they are answered, even if single ones fail. */
function pollsIn(value: unknown): Handler['polls'] {
  const { state, trouble } = isPlainObject(value) ? (value as Partial<PollStatus>) : {};
  if (state !== 'waiting' && state !== 'probing') return undefined;
  const { kind, since }: Fields = isPlainObject(trouble) ? trouble : {};
  return { state: 'waiting', trouble: { kind: textIn(kind) ?? 'unanswered', since: numberIn(since) } };
}

function drainIn(value: unknown): DrainStatus | undefined {
  if (!isPlainObject(value)) return undefined;
  const [since, graceUntil] = [numberIn(value['since']), numberIn(value['graceUntil'])];
  return since === undefined || graceUntil === undefined ? undefined : { since, graceUntil };
}

function protectionIn(value: unknown): ConsoleWorker['protection'] {
  if (!isPlainObject(value)) return undefined;
  const platform = (['ecs', 'kubernetes'] as const).find((each) => each === value['platform']);
  const state = (['free', 'wanted', 'held'] as const).find((each) => each === value['state']);
  const since = numberIn(value['since']);
  if (platform === undefined || state === undefined) return undefined;
  return { platform, state, ...(since !== undefined && { since }) };
}

const PHASES: readonly TaskStatus['phase'][] = ['handling', 'reporting', 'settling', 'done'];

function taskIn(value: unknown): Task | undefined {
  if (!isPlainObject(value)) return undefined;
  const [handler, ageMs] = [textIn(value['handler']), numberIn(value['ageMs'])];
  if (handler === undefined || ageMs === undefined) return undefined;
  const phase = PHASES.find((each) => each === value['phase']) ?? 'handling';
  const [progress, lastHeartbeatAt] = [numberIn(value['progress']), numberIn(value['lastHeartbeatAt'])];
  return { handler, ageMs, phase, progress, lastHeartbeatAt };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text);
const textIn = (value: unknown): string | undefined => (isText(value) ? cut(value) : undefined);
const numberIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const areFields = (value: unknown): value is Fields[] => Array.isArray(value) && value.every(isPlainObject);

function numbersIn(value: unknown): Record<string, number> {
  const entries = isPlainObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.flatMap(([key, each]) => (typeof each === 'number' ? [[cut(key), each]] : [])).slice(0, 50),
  );
}

/** Reads the entries of a list, at most `most` of them. Leaves out those that `read` can't read. */
function listOf<T>(value: unknown, most: number, read: (each: unknown) => T | undefined): T[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.slice(0, most).flatMap((each) => {
    const found = read(each);
    return found === undefined ? [] : [found];
  });
}
