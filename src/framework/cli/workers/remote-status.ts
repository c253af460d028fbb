import { isPlainObject } from '../../base/json.js';
import {
  type DrainStatus,
  MOST_TASKS,
  type ProtectionStatus,
  type HandlerStatus,
  type HandlerPause,
  type PollStatus,
  type WorkerStatus,
  type TaskStatus,
} from '../../base/worker-status.js';

/**
 * The status of a worker in another process, by its health port. A field that its version doesn't have is undefined.
 */
export interface RemoteStatus extends Pick<WorkerStatus, 'name' | 'ready' | 'reasons' | 'tasksInFlight'> {
  readonly state: string;
  readonly version: string | undefined;
  readonly startedAt: number | undefined;
  readonly drain: DrainStatus | undefined;
  readonly protection: Pick<ProtectionStatus, 'platform' | 'state' | 'since'> | undefined;
  readonly ageMs: number | undefined;
  readonly handlers: readonly RemoteHandler[];
  /** The tasks that have been in flight longest, the oldest first. */
  readonly tasks: readonly RemoteTask[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface RemoteHandler extends Pick<
  HandlerStatus,
  'name' | 'activityArn' | 'concurrency' | 'used' | 'running' | 'undelivered'
> {
  readonly paused: Pick<HandlerPause, 'by' | 'since' | 'until'> | undefined;
  /** Present while Step Functions doesn't answer the handler's polls: the kind of failure, and since when. */
  readonly pollFailure: { readonly kind: string; readonly since: number | undefined } | undefined;
  readonly emptyAt: number | undefined;
}

export interface RemoteTask extends Pick<
  TaskStatus,
  'handler' | 'ageMs' | 'phase' | 'lastHeartbeatAt' | 'progress'
> {}

/** The most characters of a text that are kept. Names and reasons are shorter. */
const MOST_TEXT = 400;
const MOST_HANDLERS = 200;
const MOST_REASONS = 20;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON of `/status`. Nothing in it is trusted: any program may listen on the port, and a worker of another
 * version may have other fields. Returns undefined if it isn't the status of a worker.
 */
export function remoteStatus(value: unknown): RemoteStatus | undefined {
  if (!isPlainObject(value)) return undefined;
  const { name, state, handlers, ready, counts } = value;
  if (!isText(name) || !isText(state) || !areFields(handlers)) return undefined;
  const tasks = listOf(value['tasks'], MOST_TASKS, taskIn).toSorted((a, b) => b.ageMs - a.ageMs);
  return {
    ...{ name: cut(name), state: cut(state), ready: ready === true },
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

function handlerIn(value: unknown): RemoteHandler | undefined {
  if (!isPlainObject(value)) return undefined;
  const count = (key: keyof HandlerStatus): number => Math.max(0, numberIn(value[key]) ?? 0);
  return {
    name: textIn(value['name']) ?? '?',
    activityArn: textIn(value['activityArn']) ?? '?',
    ...{ concurrency: count('concurrency'), used: count('used') },
    ...{ running: count('running'), undelivered: count('undelivered') },
    paused: pauseIn(value['paused']),
    pollFailure: pollFailureIn(value['polls']),
    emptyAt: isPlainObject(value['queue']) ? numberIn(value['queue']['emptyAt']) : undefined,
  };
}

const PAUSED_BY: readonly HandlerPause['by'][] = ['control', 'task'];

function pauseIn(value: unknown): RemoteHandler['paused'] {
  if (!isPlainObject(value)) return undefined;
  const by = PAUSED_BY.find((each) => each === value['by']);
  const [since, until] = [numberIn(value['since']), numberIn(value['until'])];
  if (by === undefined || since === undefined) return undefined;
  return { by, since, ...(until !== undefined && { until }) };
}

/** Reads why a handler's polls fail. Returns undefined while they are answered, even if single ones fail. */
function pollFailureIn(value: unknown): RemoteHandler['pollFailure'] {
  const { state, trouble } = isPlainObject(value) ? (value as Partial<PollStatus>) : {};
  if (state !== 'waiting' && state !== 'probing') return undefined;
  const { kind, since }: Fields = isPlainObject(trouble) ? trouble : {};
  return { kind: textIn(kind) ?? 'unanswered', since: numberIn(since) };
}

function drainIn(value: unknown): DrainStatus | undefined {
  if (!isPlainObject(value)) return undefined;
  const [since, graceUntil] = [numberIn(value['since']), numberIn(value['graceUntil'])];
  return since === undefined || graceUntil === undefined ? undefined : { since, graceUntil };
}

function protectionIn(value: unknown): RemoteStatus['protection'] {
  if (!isPlainObject(value)) return undefined;
  const platform = (['ecs', 'kubernetes'] as const).find((each) => each === value['platform']);
  const state = (['free', 'wanted', 'held'] as const).find((each) => each === value['state']);
  const since = numberIn(value['since']);
  if (platform === undefined || state === undefined) return undefined;
  return { platform, state, ...(since !== undefined && { since }) };
}

const PHASES: readonly TaskStatus['phase'][] = ['handling', 'reporting', 'settling', 'done'];

function taskIn(value: unknown): RemoteTask | undefined {
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
