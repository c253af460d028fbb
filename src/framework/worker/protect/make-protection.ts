import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { findPlatform, type Protect, unseenPlatform } from './find-platform.js';
import type { Platform } from './platform.js';
import { AskedProtection, type Protection } from './protection.js';
import type { ThreadProtectionClient } from './thread-protection-client.js';

export interface ProtectionSettings {
  readonly protect: Protect;
  readonly protectAfterMs: number;
}

/** What requests to the platform are made of. */
export interface AskingWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: NodeJS.ProcessEnv;
  /**
   * The platform to request protection from. @default the platform that the option `protect` names; with `'auto'`, the
   * one that the environment variables show
   */
  readonly platform?: Platform | undefined;
}

export interface ProtectionWorld extends AskingWorld {
  readonly log: Logger;
  /**
   * Requests protection by the sender of heartbeats, which finds the platform by itself. @default the caller requests it
   */
  readonly thread?: ThreadProtectionClient | undefined;
}

/**
 * Makes the scale-in protection of a worker. Returns undefined if the
 * option `protect` is off, or if the environment variables show no platform. If `protect` names a platform that they
 * don't show, logs a warning.
 */
export function makeProtection(
  settings: ProtectionSettings,
  { log, thread, ...world }: ProtectionWorld,
): Protection | undefined {
  const { protect, protectAfterMs } = settings;
  const asked = askedProtection(settings, world);
  if (asked && thread) {
    const { platform } = asked.status;
    return thread.open({ clock: world.clock, platform, protect, protectAfterMs });
  }
  const unseen = asked ? undefined : unseenPlatform(protect, world.env);
  if (unseen !== undefined) log.warn(unseen);
  return asked;
}

/**
 * Makes a protection that is requested by the thread that calls. Returns undefined if there is no platform.
 * @param mayBeHeld true if the platform may protect the worker already
 */
export function askedProtection(
  { protect, protectAfterMs: afterMs }: ProtectionSettings,
  { env, clock, random, platform = findPlatform(protect, env) }: AskingWorld,
  mayBeHeld = false,
): Protection | undefined {
  if (protect === false || !platform) return undefined;
  return new AskedProtection({ platform, afterMs, clock, random, mayBeHeld });
}
