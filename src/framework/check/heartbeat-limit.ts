import { showDuration, writeDuration } from '../base/time/duration.js';

/** The facts about a handler by which its heartbeat interval is checked. */
export interface BeatingHandler {
  readonly name: string;
  /** Milliseconds between automatic heartbeats; `false` if none are sent. */
  readonly heartbeatMs: number | false;
}

/** The parts of a message about a handler that sends heartbeats too seldom for the HeartbeatSeconds of a state. */
export interface SlowHeartbeat {
  /** The handler's heartbeat: `off`, or `every 20 s`. */
  readonly heartbeat: string;
  /** The consequence for the handler's tasks. */
  readonly effect: string;
  /** The advice to set a shorter heartbeat interval. */
  readonly fix: string;
  /**
   * A HeartbeatSeconds that would be long enough for the handler's heartbeat interval; undefined if it sends no
   * heartbeats.
   */
  readonly seconds: number | undefined;
}

/**
 * The number of heartbeats within HeartbeatSeconds that is proposed. With two, a task survives the loss of one
 * heartbeat. With three, it survives the loss of one heartbeat while the next is late.
 */
const PROPOSED = 3;

/**
 * Returns undefined if a handler sends at least two heartbeats within HeartbeatSeconds, so that one of them may be
 * lost. Otherwise returns the parts of a message about it.
 */
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
export const proposedSeconds = (heartbeatMs: number): number => Math.ceil((PROPOSED * heartbeatMs) / 1000);
