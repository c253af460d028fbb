import { systemClock } from '../../base/time/clock.js';
import { ThreadHeartbeats } from '../thread/thread-heartbeats.js';
import type { Logger } from '../../base/log/log.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import type { RunnableHandler } from '../handler-loop.js';
import { regionOf } from './find-activities.js';
import type { StartWorld } from './start-world.js';
import type { Plan } from './plan.js';

const ON_MAIN = 'heartbeats leave from the main thread, so code that blocks it for long costs leases';

/**
 * The thread that heartbeats live in and probes are answered from. None on a clock that was passed in, which is a
 * test's.
 */
export function openThread({ settings }: Plan, { clock, log }: StartWorld): ThreadHeartbeats | undefined {
  if (clock !== systemClock) return undefined;
  const { heartbeatRate: rate, stallAfterMs } = settings;
  return new ThreadHeartbeats({ clock, log, rate, stallAfterMs });
}

/** Lets the thread beat the tasks of all handlers, unless calls are the SDK's, which a thread does not load. */
export function beatInThread(
  thread: ThreadHeartbeats,
  handlers: readonly RunnableHandler[],
  service: AwsService,
  log: Logger,
): void {
  const ports = new Map(handlers.map(({ activityArn, port }) => [regionOf(activityArn), port]));
  for (const [region, port] of ports) {
    const recipes = service.recipes(region);
    if (!recipes) return log.info(`${ON_MAIN}: calls go through the AWS SDK's own client`);
    thread.open({ region, port, recipes }, () => service.identity());
  }
}
