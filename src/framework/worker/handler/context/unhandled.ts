import { currentHandler } from './current-task.js';

/** The log line for a rejected promise that no code handles. */
export const UNHANDLED =
  'a rejected promise was not handled. Fix: await the call that returned it, or add .catch(); `err` shows where it was rejected, and the lint rule no-floating-promises finds such calls';

/** The log line for an exception that no code catches. */
export const UNCAUGHT =
  'an exception was not caught: the worker drains and ends. Fix: catch errors in code that a timer, an event or a callback calls; `err` shows where it was thrown';

/** Returns a log field with the handler that started the code which failed; no field if that isn't known. */
export function startedBy(): { readonly handler?: string } {
  const handler = currentHandler();
  return handler === undefined ? {} : { handler };
}
