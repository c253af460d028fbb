import type { Logger } from '../../base/log/log.js';
import { userPlace } from '../handler/outcome/trace-lines.js';

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
