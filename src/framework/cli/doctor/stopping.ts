import { showDuration } from '../../base/time/duration.js';
import type { Environment } from '../../base/environment.js';
import { longestDrain } from '../../worker/worker.js';
import { FARGATE_MOST_SECONDS, killAfterSeconds } from '../process/kill-timeout.js';
import { type Finding, fault, type Look, ok, unknown, warning } from './finding.js';

/**
 * Checks that the platform waits long enough before it kills the process: as long as a drain (finishing the running
 * tasks) may take. A process can't find out how long its platform waits.
 * @param stopTimeoutMs the time that the platform waits, according to the user; undefined if the user hasn't given it
 */
export function lookAtStop(graceMs: number, env: Environment, stopTimeoutMs: number | undefined): Finding {
  const needed = killAfterSeconds(longestDrain(graceMs));
  const look: Look = {
    check: 'stop',
    subject: 'grace',
    expected: `${needed} s or more between SIGTERM and SIGKILL`,
  };
  const lower = 'or a shorter `grace`';
  if (stopTimeoutMs !== undefined) {
    if (stopTimeoutMs >= needed * 1000) return ok(look, `${showDuration(stopTimeoutMs)} (--stop-timeout)`);
    const fix = `give the platform ${needed} s, ${lower}`;
    const got = `${showDuration(stopTimeoutMs)} (--stop-timeout)`;
    if (stopTimeoutMs >= longestDrain(graceMs))
      return warning(look, `${got}: the longest drain fits, with little to spare`, fix);
    return fault(look, `${got}: the last reports would be lost`, fix);
  }
  if (env['AWS_LAMBDA_FUNCTION_NAME']) return fault(look, 'a Lambda function, which is frozen', NOT_LAMBDA);
  const { name, setting, most = Number.POSITIVE_INFINITY } = platformOf(env);
  if (needed > most)
    return fault(
      look,
      `${name} waits for ${most} s at most`,
      `shorten \`grace\`, and set ${setting} to ${most}`,
    );
  const fix = `set ${setting} to ${needed}, ${lower}; \`--stop-timeout 30s\` checks what you have set`;
  return unknown(look, `${name} does not tell a process how long it waits`, fix);
}

const NOT_LAMBDA = 'run the worker where a process lives on: ECS, Kubernetes, a machine of your own';

interface Platform {
  readonly name: string;
  readonly setting: string;
  readonly most?: number;
}

function platformOf(env: Environment): Platform {
  if (env['KUBERNETES_SERVICE_HOST'])
    return { name: 'Kubernetes', setting: 'terminationGracePeriodSeconds (30 unless set)' };
  if (env['AWS_EXECUTION_ENV'] === 'AWS_ECS_FARGATE')
    return { name: 'Fargate', setting: 'stopTimeout (30 unless set)', most: FARGATE_MOST_SECONDS };
  if (env['ECS_CONTAINER_METADATA_URI_V4']) return { name: 'ECS', setting: 'stopTimeout (30 unless set)' };
  if (env['INVOCATION_ID']) return { name: 'systemd', setting: 'TimeoutStopSec (90 unless set)' };
  return { name: 'a system', setting: 'the time before it kills' };
}
