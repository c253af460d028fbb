import { tokenHash } from '../../base/show.js';
import { currentStarter } from './current-task.js';

/** The log line for a rejected promise that no code handles. */
export const UNHANDLED =
  'a rejected promise was not handled. Fix: await the call that returned it, or add .catch(); `err` shows where it was rejected, and the lint rule no-floating-promises finds such calls';

/** The log line for an exception that no code catches. */
export const UNCAUGHT =
  'an exception was not caught: the worker drains and ends. Fix: catch errors in code that a timer, an event or a callback calls; `err` shows where it was thrown';

/**
 * Returns log fields that name the handler and the task which started the code that failed; none if they aren't known.
 * `after` is set if the handler had ended.
 */
export function startedBy(): { readonly handler?: string; readonly task?: string; readonly after?: string } {
  const starter = currentStarter();
  if (!starter) return {};
  const { handler, token, ended } = starter;
  return { handler, task: tokenHash(token), ...(ended && { after: AFTER }) };
}

const AFTER =
  'the handler had ended: the result of its task was decided before, and does not show this error';
