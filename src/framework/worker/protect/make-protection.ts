import type { Environment } from '../../base/environment.js';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { findPlatform, type Protect, unseenPlatform } from './find-platform.js';
import type { Platform } from './platform.js';
import { AskedProtection, type Protection } from './protection.js';

export interface ProtectionSettings {
  readonly protect: Protect;
  readonly protectAfterMs: number;
}

export interface ProtectionWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly env: Environment;
  /**
   * The platform to request protection from. @default the platform that the option `protect` names; with `'auto'`, the
   * one that the environment variables show
   */
  readonly platform?: Platform;
}

/**
 * Makes the scale-in protection of a worker, or of all worker processes in one container. Returns undefined if the
 * option `protect` is off, or if the environment variables show no platform. If `protect` names a platform that they
 * don't show, logs a warning.
 */
export function makeProtection(
  { protect, protectAfterMs: afterMs }: ProtectionSettings,
  { env, log, clock, random, platform = findPlatform(protect, env) }: ProtectionWorld,
): Protection | undefined {
  if (protect === false) return undefined;
  if (platform) return new AskedProtection({ platform, afterMs, clock, random });
  const unseen = unseenPlatform(protect, env);
  if (unseen !== undefined) log.warn(unseen);
  return undefined;
}
