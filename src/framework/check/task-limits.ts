import { showDuration, writeDuration } from '../base/time/duration.js';
import type { CheckedHandler } from './handlers.js';
import type { Problem } from '../base/errors.js';
import { type Finding, fixOf, type Found, locationOf, messageOf, paste } from './finding.js';
import type { JsonEdit } from './source/json-edit.js';
import { statesOf } from '../asl/definition/state-graph.js';
import { type ActivityState, activityStates, rulesAround, takes } from './machine-states.js';
import { locatable, type MachineSource } from './source/machine-source.js';

/** The facts about a handler that are needed to check its heartbeat interval. */
export interface BeatingHandler {
  readonly name: string;
  /** Milliseconds between automatic heartbeats; `false` if none are sent. */
  readonly heartbeatMs: number | false;
}

/** The parts of a message about a handler that sends heartbeats too seldom for the HeartbeatSeconds of a state. */
interface SlowHeartbeat {
  /** A description of the handler's heartbeat interval: `off`, or `every 20 s`. */
  readonly heartbeat: string;
  /** A description of what happens to the handler's tasks. */
  readonly effect: string;
  /** The advice to set a shorter heartbeat interval. */
  readonly fix: string;
  /**
   * The HeartbeatSeconds that would be long enough for the handler's heartbeat interval; undefined if the handler sends
   * no heartbeats.
   */
  readonly seconds: number | undefined;
}

/**
 * The number of heartbeats within HeartbeatSeconds that fixes aim at. With two, a task survives if one heartbeat is
 * lost. With three, it survives even if the next one is also late.
 */
const PROPOSED = 3;

/**
 * Returns undefined if a handler sends at least two heartbeats within HeartbeatSeconds, so that its tasks survive if
 * one is lost. Otherwise returns the parts of a message about it.
 */
export function slowHeartbeat(
  { name, heartbeatMs }: BeatingHandler,
  heartbeatSeconds: number,
): SlowHeartbeat | undefined {
  if (heartbeatMs !== false && 2 * heartbeatMs <= heartbeatSeconds * 1000) return undefined;
  const isOff = heartbeatMs === false;
  return {
    heartbeat: isOff ? 'off' : `every ${showDuration(heartbeatMs)}`,
    effect: effectOf(heartbeatMs, heartbeatSeconds),
    fix: `set \`heartbeat\` of ${name} to '${proposedHeartbeat(heartbeatSeconds)}'`,
    seconds: isOff ? undefined : proposedSeconds(heartbeatMs),
  };
}

function effectOf(heartbeatMs: number | false, heartbeatSeconds: number): string {
  if (heartbeatMs !== false && heartbeatMs < heartbeatSeconds * 1000)
    return 'a task that loses one heartbeat would time out';
  const why =
    heartbeatMs === false
      ? 'no heartbeat comes'
      : `its next heartbeat comes after ${showDuration(heartbeatMs)}`;
  return `every task that runs longer than ${showDuration(heartbeatSeconds * 1000)} times out, because ${why}`;
}

/**
 * Returns the heartbeat interval to propose, as text. It is rounded down to whole seconds, or to milliseconds if it is
 * below a second.
 */
function proposedHeartbeat(heartbeatSeconds: number): string {
  const ms = (heartbeatSeconds * 1000) / PROPOSED;
  const unit = ms >= 1000 ? 1000 : 1;
  return writeDuration(Math.floor(ms / unit) * unit);
}

/**
 * Returns the HeartbeatSeconds to propose for a state, given the interval of its handler's heartbeats in milliseconds.
 */
const proposedSeconds = (heartbeatMs: number): number => Math.ceil((PROPOSED * heartbeatMs) / 1000);

/**
 * The seconds that a proposed TimeoutSeconds is longer than the handler's own deadline, to allow for the time in which
 * the task and its result are on the way.
 */
const MARGIN_SECONDS = 10;

/** Returns the findings about a task's TimeoutSeconds, HeartbeatSeconds and Retry. */
export function taskLimits(state: ActivityState, handler: CheckedHandler): Found[] {
  return [...heartbeat(state, handler), ...timeout(state, handler), ...retry(state)];
}

const has = ({ source }: ActivityState, key: string): boolean =>
  Object.hasOwn(source, key) || Object.hasOwn(source, `${key}Path`);

/**
 * Returns the number in a field of the state. Returns undefined if the field is absent, or its number is known only at
 * run time.
 */
function literal({ source }: ActivityState, key: string): number | undefined {
  const value: unknown = source[key];
  return typeof value === 'number' ? value : undefined;
}

function heartbeat(state: ActivityState, handler: CheckedHandler): Found[] {
  const seconds = literal(state, 'HeartbeatSeconds');
  if (seconds !== undefined) return tooSlow(state, handler, seconds);
  if (has(state, 'HeartbeatSeconds')) return [];
  const limit = literal(state, 'TimeoutSeconds');
  if (handler.heartbeatMs === false) return handler.isOnce ? [blocked(handler, limit)] : [];
  const wanted = proposedSeconds(handler.heartbeatMs);
  // The task's TimeoutSeconds is already as short as a HeartbeatSeconds would be.
  if (limit !== undefined && limit <= wanted) return [];
  return [
    {
      code: 'HEARTBEAT_SECONDS_MISSING',
      level: 'advice',
      what: `it has no HeartbeatSeconds: ${limit === undefined ? 'it is never noticed' : `it is noticed only after ${showSeconds(limit)}`} that its worker died${handler.isOnce ? BLOCKED : ''}`,
      fix: `${handler.name} sends a heartbeat every ${showDuration(handler.heartbeatMs)}`,
      paste: paste('HeartbeatSeconds', wanted),
      edits: [add(state, 'HeartbeatSeconds', wanted, limit === undefined ? 'Resource' : 'TimeoutSeconds')],
    },
  ];
}

const BLOCKED =
  ', and until then every other task with its key of Idempotent fails by Stepwright.AlreadyRunning';

/** Returns the finding about a handler that does work once and sends no heartbeats. */
const blocked = ({ name }: CheckedHandler, limit: number | undefined): Found => ({
  code: 'HEARTBEAT_SECONDS_MISSING',
  level: 'advice',
  what: `${name} sends no heartbeats: ${limit === undefined ? 'it is never noticed' : `it is noticed only after ${showSeconds(limit)}`} that its worker died${BLOCKED}`,
  fix: 'set `heartbeat` of the handler, and HeartbeatSeconds',
});

/** Returns the finding about a HeartbeatSeconds that is too short for the heartbeats of the handler. */
function tooSlow(state: ActivityState, handler: BeatingHandler, seconds: number): Found[] {
  const slow = slowHeartbeat(handler, seconds);
  if (!slow) return [];
  const { heartbeat, effect, fix, seconds: wanted } = slow;
  const limit = literal(state, 'TimeoutSeconds');
  // Step Functions rejects a HeartbeatSeconds that isn't smaller than TimeoutSeconds.
  const refused = wanted !== undefined && limit !== undefined && wanted >= limit;
  const proposed = refused ? undefined : wanted;
  const isSure = limit !== undefined || !has(state, 'TimeoutSeconds');
  return [
    {
      code: 'HEARTBEAT_TOO_SLOW',
      level: 'error',
      what: `HeartbeatSeconds is ${seconds}, and the heartbeat of ${handler.name} is ${heartbeat}: ${effect}`,
      fix: `${refused ? `raise HeartbeatSeconds to ${wanted}, and TimeoutSeconds (${limit}) above that,` : 'raise HeartbeatSeconds,'} or ${fix}`,
      ...(proposed !== undefined && { paste: paste('HeartbeatSeconds', proposed) }),
      ...(proposed !== undefined &&
        isSure && {
          edits: [{ kind: 'replace' as const, at: [...state.steps, 'HeartbeatSeconds'], value: proposed }],
        }),
    },
  ];
}

function timeout(state: ActivityState, { name, timeoutMs, heartbeatMs }: CheckedHandler): Found[] {
  const seconds = literal(state, 'TimeoutSeconds');
  const wanted = timeoutMs === false ? undefined : Math.ceil(timeoutMs / 1000) + MARGIN_SECONDS;
  if (seconds !== undefined && timeoutMs !== false && wanted !== undefined && seconds * 1000 < timeoutMs)
    return [
      {
        code: 'TIMEOUT_SECONDS_TOO_SHORT',
        level: 'error',
        what: `TimeoutSeconds is ${seconds}, and ${name} may take ${showDuration(timeoutMs)} (\`timeout\`): the service gives the task up while it still works`,
        fix: 'raise TimeoutSeconds, or lower `timeout`',
        paste: paste('TimeoutSeconds', wanted),
        edits: [{ kind: 'replace', at: [...state.steps, 'TimeoutSeconds'], value: wanted }],
      },
    ];
  if (has(state, 'TimeoutSeconds') || has(state, 'HeartbeatSeconds') || heartbeatMs !== false) return [];
  return [
    {
      code: 'TIMEOUT_SECONDS_MISSING',
      level: 'advice',
      what: `it has no TimeoutSeconds, and ${name} sends no heartbeats: it is never noticed that its worker died`,
      fix: 'say how long it may take at most',
      paste: paste('TimeoutSeconds', wanted ?? 3600),
      ...(wanted !== undefined && { edits: [add(state, 'TimeoutSeconds', wanted, 'Resource')] }),
    },
  ];
}

/** The error names of failures that the handler can't prevent: the worker was lost or stopped. */
const LOST = ['States.Timeout', 'Stepwright.WorkerShutdown'];

function retry(state: ActivityState): Found[] {
  const retriers = rulesAround(state).filter(({ kind }) => kind === 'Retry');
  const missing = LOST.filter((error) => !retriers.some((rule) => takes(rule, error)));
  if (missing.length === 0) return [];
  const rule = { ErrorEquals: missing, IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2 };
  const own: unknown = state.source['Retry'];
  const edit: JsonEdit = Array.isArray(own)
    ? { kind: 'append', into: [...state.steps, 'Retry'], value: rule }
    : add(state, 'Retry', [rule], 'HeartbeatSeconds');
  const lost = missing.includes('States.Timeout')
    ? 'a worker that dies'
    : 'a worker that stops in the middle of it';
  return [
    {
      code: 'RETRY_MISSING',
      level: 'advice',
      what: `no Retry takes ${missing.join(' or ')}: ${lost} fails the execution`,
      fix: 'let it run again; where it must not, say so with "MaxAttempts": 0',
      paste: Array.isArray(own) ? JSON.stringify(rule) : paste('Retry', [rule]),
      edits: [edit],
    },
  ];
}

const add = ({ steps }: ActivityState, key: string, value: unknown, after: string): JsonEdit => ({
  kind: 'add',
  into: steps,
  key,
  value,
  after,
});

const showSeconds = (seconds: number): string => showDuration(seconds * 1000);

/**
 * Finds the states whose HeartbeatSeconds is too short for the heartbeats of their handler.
 * @param handlerOf returns the handler that takes the tasks of an activity
 */
export function slowStates(
  machines: readonly MachineSource[],
  handlerOf: (activityArn: string) => BeatingHandler | undefined,
): Finding[] {
  return machines.flatMap((machine) => {
    const { definition, file } = machine;
    const json = locatable(machine);
    return activityStates(definition, statesOf(definition)).flatMap((state) => {
      const handler = handlerOf(state.activityArn);
      const seconds = state.source['HeartbeatSeconds'];
      if (!handler || typeof seconds !== 'number') return [];
      const position = json.positionOf([...state.steps, 'HeartbeatSeconds']);
      return tooSlow(state, handler, seconds).map((found) => ({
        ...found,
        file,
        ...position,
        state: state.name,
      }));
    });
  });
}

/** Returns the problem with which a start fails because of a state whose HeartbeatSeconds is too short. */
export const slowStateProblem = (finding: Finding): Problem => ({
  code: 'HEARTBEAT_TOO_SLOW',
  where: locationOf(finding),
  what: messageOf(finding),
  fix: fixOf(finding),
});
