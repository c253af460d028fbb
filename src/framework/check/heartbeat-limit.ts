import { showDuration, writeDuration } from '../base/time/duration.js';

/** A handler, as far as its heartbeat is concerned. */
export interface BeatingHandler {
  readonly name: string;
  /** Milliseconds between automatic heartbeats; `false`: none are sent. */
  readonly heartbeatMs: number | false;
}

/** A handler whose heartbeat does not suit the HeartbeatSeconds of a state, in words. */
export interface SlowHeartbeat {
  /** Its heartbeat: `off`, or `every 20 s`. */
  readonly heartbeat: string;
  /** The consequence for its tasks. */
  readonly effect: string;
  /** A heartbeat to set instead. */
  readonly fix: string;
  /** HeartbeatSeconds that suit the heartbeat; undefined where none is sent. */
  readonly seconds: number | undefined;
}

/** Heartbeats that are proposed within HeartbeatSeconds. With two a task survives one that is lost, with three also a late one. */
const PROPOSED = 3;

/** Returns undefined where two heartbeats are sent within HeartbeatSeconds, so that one may be lost. */
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

/** Rounded down to whole seconds, or to milliseconds below a second. */
function proposedHeartbeat(heartbeatSeconds: number): string {
  const ms = (heartbeatSeconds * 1000) / PROPOSED;
  const unit = ms >= 1000 ? 1000 : 1;
  return writeDuration(Math.floor(ms / unit) * unit);
}

/** Returns the HeartbeatSeconds that are proposed to a state for the heartbeat of its handler. */
export const proposedSeconds = (heartbeatMs: number): number => Math.ceil((PROPOSED * heartbeatMs) / 1000);
