import { hostname } from 'node:os';
import type { Config } from '../../config/config.js';
import type { Environment } from '../../base/environment.js';
import { EcsAgent } from './ecs-agent.js';
import { KubernetesPod } from './kubernetes-pod.js';
import type { Platform } from './platform.js';

/** The value of `protect` once it is resolved. */
export type Protect = NonNullable<Config['protect']>;

/**
 * Returns the platform that is asked for protection; undefined where `protect` is off, and where the platform is not
 * seen.
 */
export function findPlatform(protect: Protect, env: Environment): Platform | undefined {
  const agent = env['ECS_AGENT_URI'];
  if (agent && URL.canParse(agent) && (protect === 'auto' || protect === 'ecs')) return new EcsAgent(agent);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443', POD_NAME } = env;
  if (!host || (protect !== 'auto' && protect !== 'kubernetes')) return undefined;
  // The host name of a pod is its name, unless its specification says otherwise.
  return new KubernetesPod({ host, port, pod: POD_NAME || hostname() });
}

/** Returns why a platform that was named is not seen; undefined where none was named, or it is seen. */
export function unseenPlatform(protect: Protect, env: Environment): string | undefined {
  if (protect === 'ecs' && !env['ECS_AGENT_URI'])
    return "protect is 'ecs', and ECS_AGENT_URI, which the ECS agent gives to each container, is not set: nothing is protected";
  if (protect === 'kubernetes' && !env['KUBERNETES_SERVICE_HOST'])
    return "protect is 'kubernetes', and KUBERNETES_SERVICE_HOST, which Kubernetes gives to each pod, is not set: nothing is protected";
  return undefined;
}
