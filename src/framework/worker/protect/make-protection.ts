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
  /** @default the platform that `protect` and the environment name */
  readonly platform?: Platform;
}

/**
 * Makes the protection of a worker, or of a set; undefined where `protect` is off, and where no platform is seen. Logs a
 * platform that `protect` names and that is not seen.
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
