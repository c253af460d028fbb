import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { show } from '../../base/show.js';

/** A request by the handler itself, made with `task.pauseHandler`, that it gets no new tasks for a while. */
export interface PauseRequest {
  readonly forMs: number;
  readonly reason: string;
}

const LONGEST_REASON = 256;

/** Checks and parses the arguments of `task.pauseHandler`. @throws TypeError if the first one isn't a duration */
export function readPause(duration: unknown, reason: unknown = 'no reason given'): PauseRequest {
  const forMs = parseDuration(duration);
  if (forMs === undefined)
    throw new TypeError(`task.pauseHandler: expected ${DURATION_EXPECTED}, got ${show(duration)}`);
  return { forMs, reason: String(reason).slice(0, LONGEST_REASON) };
}
