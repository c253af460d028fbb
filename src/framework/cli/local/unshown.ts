import type { Logger } from '../../base/log/log.js';
import type { Access } from '../flags/access-flags.js';

/** Warns of flags that have no effect, since no local service is started. */
export function warnUnshown(log: Logger, { workers = [], stacks }: Access): void {
  if (stacks) log.warn('--template and --cdk are for the local service, which is not started here');
  if (workers.length === 0) return;
  log.warn(
    `--workers is for the console of the local service, which is not started here: run stepwright local --workers ${workers.join(',')}`,
  );
}
