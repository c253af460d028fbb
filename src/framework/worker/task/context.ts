import type { Logger } from '../../base/log/log.js';
import { show } from '../../base/show.js';
import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { type AbortKind, TaskAborted, type TaskContext } from '../../declare/task-context.js';
import { userPlace } from '../../base/stack-frames.js';

type OnDemandName = 'signal' | 'shuttingDown' | 'log';
/** The fields of a task's context that get their values when the context is made. */
type Given = Omit<TaskContext, OnDemandName>;
/**
 * Functions that make the other fields' values. Each is called only when the handler first reads the field, so a
 * handler that doesn't use it doesn't pay for it.
 */
type OnDemand = { readonly [Name in OnDemandName]: () => TaskContext[Name] };

const ON_DEMAND = Symbol('on demand');
type Context = TaskContext & { readonly [ON_DEMAND]: OnDemand };

/**
 * Makes an accessor that the contexts of all tasks share. For an object literal with accessors, V8 makes new ones for
 * each task, which keep in memory what the task refers to.
 */
const accessor = (name: OnDemandName): PropertyDescriptor & ThisType<Context> => ({
  enumerable: true,
  configurable: true,
  get() {
    return this[ON_DEMAND][name]();
  },
});
const SIGNAL = accessor('signal');
const SHUTTING_DOWN = accessor('shuttingDown');
const LOG = accessor('log');

/**
 * Makes the context object that a handler gets for a task. All fields are own properties, so that a copy such as `{
 * ...task }` has them too.
 */
export function taskContext(given: Given, onDemand: OnDemand): TaskContext {
  // Defined one by one, because `defineProperties` takes three times as long.
  Object.defineProperty(given, ON_DEMAND, { value: onDemand, configurable: true });
  Object.defineProperty(given, 'signal', SIGNAL);
  Object.defineProperty(given, 'shuttingDown', SHUTTING_DOWN);
  Object.defineProperty(given, 'log', LOG);
  return given as Context;
}

/** The two abort signals of one task. Each is made only when it is first used, since most handlers use none. */
export class TaskSignals {
  #aborter: AbortController | undefined;
  #drain: AbortController | undefined;
  #drains = false;
  /** The reason for which `signal` was aborted; undefined if it wasn't. */
  aborted: TaskAborted | undefined;

  /**
   * The signal that tells the handler to stop. It aborts with a {@link TaskAborted} when the task's result is no longer
   * wanted.
   */
  get signal(): AbortSignal {
    this.#aborter ??= controller(this.aborted !== undefined, this.aborted);
    return this.#aborter.signal;
  }

  get shuttingDown(): AbortSignal {
    this.#drain ??= controller(this.#drains, undefined);
    return this.#drain.signal;
  }

  abort(kind: AbortKind, message: string): void {
    this.aborted ??= new TaskAborted(kind, message);
    this.#aborter?.abort(this.aborted);
  }

  drain(): void {
    this.#drains = true;
    this.#drain?.abort();
  }
}

/**
 * Makes the AbortController of a signal. If the signal is used for the first time only after it should have aborted, it
 * is aborted right away.
 */
function controller(isAborted: boolean, reason: unknown): AbortController {
  const made = new AbortController();
  if (isAborted) made.abort(reason);
  return made;
}

/** A request by the handler itself, made with `task.pauseHandler`, that it gets no new tasks for a while. */
export interface PauseRequest {
  readonly forMs: number;
  readonly reason: string;
}

/** Lets a handler leave a heartbeat unawaited. If the task is gone, the handler learns it by the task's signal too. */
export function unawaited(answer: Promise<void>): Promise<void> {
  answer.catch(() => {});
  return answer;
}

const LONGEST_REASON = 256;

/** Checks and parses the arguments of `task.pauseHandler`. @throws TypeError if the first one isn't a duration */
export function readPause(duration: unknown, reason: unknown = 'no reason given'): PauseRequest {
  const forMs = parseDuration(duration);
  if (forMs === undefined)
    throw new TypeError(`task.pauseHandler: expected ${DURATION_EXPECTED}, got ${show(duration)}`);
  return { forMs, reason: String(reason).slice(0, LONGEST_REASON) };
}

/** The members of a context whose late use is logged, with the words for its effect. */
const EFFECTS = { heartbeat: ', which has no effect', progress: ', which has no effect', log: '' } as const;
/** The names of the members whose use after the handler's end is logged. */
export type LateUse = keyof typeof EFFECTS;

/** The handlers for which a late use was logged, for each worker, thread or process. */
const told = new WeakMap<object, Set<string>>();

/**
 * Logs that a handler's code used its task after the handler had ended, because the handler did not await that code.
 * Logs it once per handler.
 * @param per the worker, thread or process that runs the handler
 */
export function logLateUse(
  per: object,
  { handler, use, log }: { readonly handler: string; readonly use: LateUse; readonly log: () => Logger },
): void {
  const handlers = told.get(per) ?? new Set();
  if (handlers.has(handler)) return;
  told.set(per, handlers.add(handler));
  const place = userPlace(new Error().stack ?? '');
  log().warn(
    `${handler} used its task (${use}${place === undefined ? '' : ` at ${place}`}) after the handler had ended${EFFECTS[use]}: work that it started was not awaited. Fix: await that work before you return`,
  );
}
