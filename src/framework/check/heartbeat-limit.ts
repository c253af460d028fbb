import { showDuration, writeDuration } from '../base/time/duration.js';

/** The facts about a handler that are needed to check its heartbeat interval. */
export interface BeatingHandler {
  readonly name: string;
  /** Milliseconds between automatic heartbeats; `false` if none are sent. */
  readonly heartbeatMs: number | false;
}

/** The parts of a message about a handler that sends heartbeats too seldom for the HeartbeatSeconds of a state. */
export interface SlowHeartbeat {
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
export const proposedSeconds = (heartbeatMs: number): number => Math.ceil((PROPOSED * heartbeatMs) / 1000);
