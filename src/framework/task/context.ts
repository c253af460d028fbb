import type { TaskContext } from '../declare/task-context.js';
import type { TaskSignals } from '../handler/task-signals.js';
import type { Logger } from '../log.js';
import { tokenHash } from './token-hash.js';
import type { TaskTrace } from './tracing.js';

/** What is there from the start. */
type Given = Omit<TaskContext, 'signal' | 'shuttingDown' | 'log'>;

/** What the rest is made of when it is asked for. */
export interface ContextParts {
  readonly signals: TaskSignals;
  readonly log: Logger;
  readonly trace: TaskTrace | undefined;
  made?: Logger;
}

const PARTS = Symbol('parts');
type Context = TaskContext & { readonly [PARTS]: ContextParts };

/**
 * Accessors that all tasks share. Those of an object literal are made for each object anew, in the part of V8's heap that
 * is seldom collected, and all that a task holds waits there with them.
 */
const accessor = (get: (this: Context) => unknown): PropertyDescriptor => ({ enumerable: true, get });
const SIGNAL = accessor(function () {
  return this[PARTS].signals.signal;
});
const SHUTTING_DOWN = accessor(function () {
  return this[PARTS].signals.shuttingDown;
});
const LOG = accessor(function () {
  const parts = this[PARTS];
  const { handler, activityArn: activity, token } = this;
  const names = { handler, activity, task: tokenHash(token) };
  return (parts.made ??= parts.log.child({ ...names, ...parts.trace?.logFields }));
});

/** What a handler is given. All of it is the object's own, so that a copy, `{ ...task }`, has it too. */
export function taskContext(given: Given, parts: ContextParts): TaskContext {
  // One by one: `defineProperties` takes three times as long.
  Object.defineProperty(given, PARTS, { value: parts });
  Object.defineProperty(given, 'signal', SIGNAL);
  Object.defineProperty(given, 'shuttingDown', SHUTTING_DOWN);
  Object.defineProperty(given, 'log', LOG);
  return given as Context;
}
