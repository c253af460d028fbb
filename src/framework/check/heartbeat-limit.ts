import { showDuration, writeDuration } from '../base/time/duration.js';

/** The facts by which the heartbeat of a handler is judged. */
export interface BeatingHandler {
  readonly name: string;
  /** Milliseconds between automatic heartbeats; `false`: none are sent. */
  readonly heartbeatMs: number | false;
}

/** The words of a message about a handler whose heartbeat is too slow for the HeartbeatSeconds of a state. */
export interface SlowHeartbeat {
  /** The handler's heartbeat: `off`, or `every 20 s`. */
  readonly heartbeat: string;
  /** The consequence for the handler's tasks. */
  readonly effect: string;
  /** The advice to set another heartbeat. */
  readonly fix: string;
  /** HeartbeatSeconds that would suit the handler's heartbeat; undefined where none is sent. */
  readonly seconds: number | undefined;
}

/**
 * The number of heartbeats within HeartbeatSeconds that is proposed. With two, a task survives the loss of one; with
 * three, a loss and a late heartbeat.
 */
const PROPOSED = 3;

/** Returns undefined where a handler sends two heartbeats within HeartbeatSeconds, so that one may be lost. */
export function slowHeartbeat(
  { name, heartbeatMs }: BeatingHandler,
  heartbeatSeconds: number,
): SlowHeartbeat | undefined {
  if (heartbeatMs !== false && 2 * heartbeatMs <= heartbeatSeconds * 1000) return undefined;
  const isOff = heartbeatMs === false;
  return {
    heartbeat: isOff ? 'off' : `every ${showDuration(heartbeatMs)}`,
    effect: `${isOff ? 'every task' : 'a task that loses one heartbeat'} would time out`,
    fix: `set \`heartbeat\` of ${name} to '${proposedHeartbeat(heartbeatSeconds)}'`,
    seconds: isOff ? undefined : proposedSeconds(heartbeatMs),
  };
}

/** Returns the proposed interval as a text, rounded down to whole seconds, or to milliseconds below a second. */
function proposedHeartbeat(heartbeatSeconds: number): string {
  const ms = (heartbeatSeconds * 1000) / PROPOSED;
  const unit = ms >= 1000 ? 1000 : 1;
  return writeDuration(Math.floor(ms / unit) * unit);
}

/** Returns the HeartbeatSeconds that are proposed for a state, by the interval of its handler's heartbeats. */
export const proposedSeconds = (heartbeatMs: number): number => Math.ceil((PROPOSED * heartbeatMs) / 1000);
