import { Abort } from '../../base/abort.js';
import type { Environment } from '../../base/environment.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import { EcsAgent } from '../../worker/protect/ecs-agent.js';
import { findPlatform, type Protect, unseenPlatform } from '../../worker/protect/find-platform.js';
import { KubernetesPod } from '../../worker/protect/kubernetes-pod.js';
import type { Platform } from '../../worker/protect/platform.js';
import { type Finding, type Look, ok, warning } from './finding.js';

const LIMIT_MS = 5_000;
const NEEDS = "see what it needs in docs/deploy.md, 'Protection from scale-in'";

/**
 * Checks that the platform (ECS or Kubernetes) can be asked not to stop a worker while one of its tasks has been
 * running for long. Changes nothing in the platform. Returns nothing if no platform is detected and the option
 * `protect` names none.
 */
export async function lookAtProtection(
  protect: Protect,
  { env, clock }: { readonly env: Environment; readonly clock: Clock },
  platform = findPlatform(protect === false ? 'auto' : protect, env),
): Promise<Finding[]> {
  const look: Look = { check: 'protection', subject: 'protect', expected: 'a platform that can be asked' };
  const unseen = unseenPlatform(protect, env);
  if (unseen !== undefined)
    return [warning(look, unseen, "set it to 'auto', or run the doctor in the container")];
  if (!platform) return [];
  const on = { ...look, subject: platform.name };
  if (protect === false)
    return [warning(on, 'off: a scale-in ends whichever worker the platform chooses', "set protect: 'auto'")];
  const limit = new Abort();
  const cancel = limitCallAfter(clock, LIMIT_MS, () => limit.abort(new Error('no answer within 5 s')));
  try {
    return [await unlessAborted(limit, judge(on, platform, limit))];
  } catch (error) {
    return [warning(on, error instanceof Error ? error.message : String(error), NEEDS)];
  } finally {
    cancel();
  }
}

async function judge(look: Look, platform: Platform, limit: Abort): Promise<Finding> {
  if (platform instanceof EcsAgent) {
    const isProtected = await platform.isProtected(limit);
    return ok(look, `the agent answers: ${isProtected ? 'protected now' : 'not protected now'}`);
  }
  if (!(platform instanceof KubernetesPod)) return ok(look, 'it is there');
  const denied: string[] = [];
  for (const verb of ['get', 'patch'] as const)
    if (!(await platform.isAllowed(verb, limit))) denied.push(verb);
  if (denied.length === 0) return ok(look, 'the service account may get and patch its pod');
  return warning(
    look,
    `the service account may not ${denied.join(' and ')} its pod`,
    'bind it to the Role of deploy/kubernetes/worker.yaml',
  );
}
