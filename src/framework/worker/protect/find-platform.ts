import { hostname } from 'node:os';
import type { Config } from '../../config/config.js';
import { EcsAgent } from './ecs-agent.js';
import { KubernetesPod } from './kubernetes-pod.js';
import type { Platform } from './platform.js';

/** The value of the option `protect`, which is never undefined once its default was added. */
export type Protect = NonNullable<Config['protect']>;

/**
 * Returns the platform from which the worker requests scale-in protection. Returns undefined if `protect` is off, or if
 * the environment variables don't show that the process runs on that platform.
 */
export function findPlatform(protect: Protect, env: NodeJS.ProcessEnv): Platform | undefined {
  const agent = env['ECS_AGENT_URI'];
  if (agent && URL.canParse(agent) && (protect === 'auto' || protect === 'ecs')) return new EcsAgent(agent);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443', POD_NAME } = env;
  if (!host || (protect !== 'auto' && protect !== 'kubernetes')) return undefined;
  // The host name of a pod is its name, unless its specification says otherwise.
  return new KubernetesPod({ host, port, pod: POD_NAME || hostname() });
}

/**
 * If `protect` names a platform but the environment variables don't show that the process runs there, returns a message
 * for the log. Otherwise returns undefined.
 */
export function unseenPlatform(protect: Protect, env: NodeJS.ProcessEnv): string | undefined {
  if (protect === 'ecs' && !env['ECS_AGENT_URI'])
    return "protect is 'ecs', and ECS_AGENT_URI, which the ECS agent gives to each container, is not set: nothing is protected";
  if (protect === 'kubernetes' && !env['KUBERNETES_SERVICE_HOST'])
    return "protect is 'kubernetes', and KUBERNETES_SERVICE_HOST, which Kubernetes gives to each pod, is not set: nothing is protected";
  return undefined;
}
