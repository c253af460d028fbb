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
const ACCESSORS: PropertyDescriptorMap & ThisType<Context> = {
  signal: {
    enumerable: true,
    get() {
      return this[PARTS].signals.signal;
    },
  },
  shuttingDown: {
    enumerable: true,
    get() {
      return this[PARTS].signals.shuttingDown;
    },
  },
  log: {
    enumerable: true,
    get() {
      const parts = this[PARTS];
      const { handler, activityArn: activity, token } = this;
      return (parts.made ??= parts.log.child({
        ...{ handler, activity, task: tokenHash(token) },
        ...parts.trace?.logFields,
      }));
    },
  },
};

/** What a handler is given. All of it is the object's own, so that a copy, `{ ...task }`, has it too. */
export function taskContext(given: Given, parts: ContextParts): TaskContext {
  Object.defineProperty(given, PARTS, { value: parts });
  return Object.defineProperties(given, ACCESSORS) as Context;
}
