import type { PlatformName } from '../../base/worker-status.js';
import type { Logger } from '../../base/log/log.js';
import { showError } from '../../base/show.js';
import type { ProtectionListener } from './protection.js';

/**
 * Returns callbacks that log when scale-in protection is granted or released, or when a call for it fails. Each change
 * is logged once.
 */
export const protectionLog = (platform: PlatformName, log: Logger): ProtectionListener => ({
  onGranted: () =>
    log.info(
      { platform },
      'a task runs longer than protectAfter: the platform protects this worker from scale-in',
    ),
  onReleased: () =>
    log.info(
      { platform },
      'no task runs longer than protectAfter any more: the platform no longer protects this worker',
    ),
  onFailed: (error) =>
    log.warn(
      { platform, error: showError(error) },
      'the platform refused the protection or did not answer; the call is repeated, less and less often',
    ),
});
