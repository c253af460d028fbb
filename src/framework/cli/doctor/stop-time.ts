import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import { query } from '../../aws/queries/query.js';
import { findPlatform } from '../../worker/protect/find-platform.js';
import { KubernetesPod } from '../../worker/protect/kubernetes-pod.js';
import { longestDrain } from '../../worker/worker.js';
import { FARGATE_MOST_SECONDS } from '../output/banner.js';
import { type Finding, fault, type Check, type Host, ok, unknown } from './finding.js';

/**
 * Checks that the platform waits long enough before it kills the process: as long as a drain may take. Of all
 * platforms, only Kubernetes tells a process how long it waits.
 * @param stopTimeoutMs the time that the platform waits, according to the user; undefined if the user hasn't given it
 */
export async function checkStopTime(
  graceMs: number,
  { env, clock, stopTimeoutMs }: Host,
  pod = podIn(env),
): Promise<Finding> {
  const needed = Math.ceil(longestDrain(graceMs) / 1000);
  const check: Check = {
    check: 'stop',
    subject: 'grace',
    expected: `${needed} s or more between SIGTERM and SIGKILL`,
  };
  if (stopTimeoutMs !== undefined) return judge(check, needed, stopTimeoutMs, '--stop-timeout');
  if (env['AWS_LAMBDA_FUNCTION_NAME']) return fault(check, 'a Lambda function, which is frozen', NOT_LAMBDA);
  const { name, setting, mostSeconds = Number.POSITIVE_INFINITY } = stopLimitOf(env);
  if (needed > mostSeconds)
    return fault(
      check,
      `${name} waits for ${mostSeconds} s at most`,
      `shorten \`grace\`, and set ${setting} to ${mostSeconds}`,
    );
  const seconds = pod && (await graceOf(pod, clock));
  if (seconds !== undefined)
    return judge(check, needed, seconds * 1_000, 'terminationGracePeriodSeconds of this pod');
  const fix = `set ${setting} to ${needed}, ${LOWER}; \`--stop-timeout 30s\` checks what you have set`;
  return unknown(check, `${name} does not tell a process how long it waits before SIGKILL`, fix);
}

const LOWER = 'or a shorter `grace`';

function judge(check: Check, needed: number, waitsMs: number, where: string): Finding {
  const got = `${showDuration(waitsMs)} (${where})`;
  if (waitsMs >= needed * 1_000) return ok(check, got);
  return fault(check, `${got}: the last reports would be lost`, `give the platform ${needed} s, ${LOWER}`);
}

function podIn(env: NodeJS.ProcessEnv): KubernetesPod | undefined {
  const platform = findPlatform('kubernetes', env);
  return platform instanceof KubernetesPod ? platform : undefined;
}

const ASK_MS = 5_000;

/** Returns the seconds that Kubernetes gives the pod to end; undefined if the API server doesn't say. */
async function graceOf(pod: KubernetesPod, clock: Clock): Promise<number | undefined> {
  try {
    return await query(clock, (signal) => pod.terminationGraceSeconds(signal), ASK_MS);
  } catch {
    return undefined;
  }
}

const NOT_LAMBDA = 'run the worker where a process lives on: ECS, Kubernetes, a machine of your own';

/** The platform that the process runs on, and how long it waits before it kills a process that it stops. */
interface StopLimit {
  readonly name: string;
  /** The name of the setting, and its default. */
  readonly setting: string;
  /** The most seconds that can be set; absent if there is no limit. */
  readonly mostSeconds?: number;
}

function stopLimitOf(env: NodeJS.ProcessEnv): StopLimit {
  if (env['KUBERNETES_SERVICE_HOST'])
    return { name: 'Kubernetes', setting: 'terminationGracePeriodSeconds (30 unless set)' };
  if (env['AWS_EXECUTION_ENV'] === 'AWS_ECS_FARGATE')
    return { name: 'Fargate', setting: 'stopTimeout (30 unless set)', mostSeconds: FARGATE_MOST_SECONDS };
  if (env['ECS_CONTAINER_METADATA_URI_V4']) return { name: 'ECS', setting: 'stopTimeout (30 unless set)' };
  if (env['INVOCATION_ID']) return { name: 'systemd', setting: 'TimeoutStopSec (90 unless set)' };
  return { name: 'a system', setting: 'the time before it kills' };
}
