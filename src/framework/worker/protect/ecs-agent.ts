import type { Abortable } from '../../base/abort.js';
import { isPlainObject } from '../../base/json.js';
import { callHttp, type HttpAnswer, type Platform, Refused } from './platform.js';

/**
 * Protection is requested for this many minutes. It then expires, so a worker that hangs and can't release its
 * protection doesn't keep it for ever.
 */
const MINUTES = 60;

/**
 * Protects the ECS task that the worker's container belongs to, with calls to the ECS container agent ("Amazon ECS task
 * scale-in protection endpoint" in the developer guide).
 */
export class EcsAgent implements Platform {
  readonly name = 'ecs';
  readonly lapsesMs = MINUTES * 60_000;
  readonly #url: URL;

  /** @param agentUri the value of the environment variable `ECS_AGENT_URI`, which ECS sets in each container */
  constructor(agentUri: string) {
    this.#url = new URL(`${agentUri.replace(/\/$/, '')}/task-protection/v1/state`);
  }

  async protect(_: number, signal: Abortable): Promise<void> {
    await this.#put({ ProtectionEnabled: true, ExpiresInMinutes: MINUTES }, signal);
  }

  async release(signal: Abortable): Promise<void> {
    await this.#put({ ProtectionEnabled: false }, signal);
  }

  async #put(
    body: { readonly ProtectionEnabled: boolean; readonly ExpiresInMinutes?: number },
    signal: Abortable,
  ): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await callHttp({ method: 'PUT', url: this.#url, headers, body }, signal);
    if (protectionIn(answer) !== body.ProtectionEnabled)
      throw new Refused(`the ECS agent took ${JSON.stringify(body)}, and says that nothing has changed`);
  }
}

/**
 * Returns true if the agent's HTTP response says that the ECS task is protected.
 * @throws Error if the response reports a failure, or doesn't say if the task is protected
 */
function protectionIn({ status, json }: HttpAnswer): boolean {
  const { protection, failure, error } = isPlainObject(json) ? json : {};
  if (isPlainObject(failure)) throw refusal(400, textOf(failure, 'Reason'), textOf(failure, 'Detail'));
  if (isPlainObject(error)) throw refusal(status, textOf(error, 'Code'), textOf(error, 'Message'));
  const enabled = isPlainObject(protection) ? protection['ProtectionEnabled'] : undefined;
  if (status === 200 && typeof enabled === 'boolean') return enabled;
  throw new Error(
    `the ECS agent answered ${status} without a protection: the agent must be 1.65 or later, or Fargate's platform 1.4.0`,
  );
}

const textOf = (from: Record<string, unknown>, key: string): string => {
  const value = from[key];
  return typeof value === 'string' ? value : '';
};

const ADVICE: Readonly<Record<string, string>> = {
  AccessDeniedException:
    "allow ecs:UpdateTaskProtection and ecs:GetTaskProtection in the policy of the task's role",
  TASK_NOT_VALID: 'only a task of a service can be protected',
  RequestError: 'the agent does not reach ECS: see the network, or its VPC endpoint',
  RequestCanceled: 'the agent does not reach ECS: see the network, or its VPC endpoint',
};

function refusal(status: number, code: string, detail: string): Error {
  const why = detail === '' ? code : `${code}: ${detail}`;
  const advice = Object.hasOwn(ADVICE, code) ? `; ${ADVICE[code]}` : '';
  const message = `ECS does not change the protection of this task: ${why}${advice}`;
  return status < 500 ? new Refused(message) : new Error(message);
}
