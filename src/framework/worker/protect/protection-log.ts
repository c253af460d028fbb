import type { PlatformName } from '../../base/worker-status.js';
import type { Logger } from '../../base/log/log.js';
import { showError } from '../../base/show.js';
import type { ProtectionListener } from './protection.js';

/**
 * Returns callbacks that log when scale-in protection is granted or released, or when a call for it fails. Each change
 * is logged once.
 */
export const protectionLog = (platform: PlatformName, log: Logger): ProtectionListener => ({
  onGranted: () => log.info({ platform }, 'a task has run for long: the platform leaves this worker alone'),
  onReleased: () =>
    log.info({ platform }, 'no task has run for long any more: the platform may take this worker away'),
  onFailed: (error) =>
    log.warn(
      { platform, error: showError(error) },
      'the platform does not take what this worker says of its protection; it is told again, less and less often',
    ),
});
