import type { Logger } from '../../base/log/log.js';
import type { Access } from '../flags/access-flags.js';

/** Warns that workers which the flag `--workers` names aren't shown, since no local service with a console is started. */
export function warnUnshown(log: Logger, { workers = [] }: Access): void {
  if (workers.length === 0) return;
  log.warn(
    `--workers is for the console of the local service, which is not started here: for a table in a terminal, npx stepwright fleet --workers ${workers.join(',')}`,
  );
}
