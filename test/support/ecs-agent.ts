import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/framework/base/time/clock.js';

/** How the agent behaves; `works` as its documentation says. */
export type AgentMode =
  | 'works'
  | 'hangs'
  | 'hangs up'
  | 'denies'
  | 'throttles'
  | 'fails'
  | 'cannot reach ECS'
  | 'lies'
  | 'babbles'
  | 'never ends';

/** A stand-in for the container agent of ECS, as its documentation and its source have its task protection. */
export interface EcsAgent {
  /** The value of `ECS_AGENT_URI`. */
  readonly uri: string;
  mode: AgentMode;
  /** The calls, with the instants at which they came. */
  readonly calls: { readonly at: number; readonly method: string; readonly body: unknown }[];
  /** True while the task is protected; protection expires. */
  readonly isProtected: boolean;
  close(): Promise<void>;
}

const TASK = 'arn:aws:ecs:us-west-2:111122223333:task/jobs/1234567890abcdef0';

export async function startEcsAgent(clock: Clock): Promise<EcsAgent> {
  let protectedUntil = Number.NEGATIVE_INFINITY;
  const isProtected = (): boolean => clock.now() < protectedUntil;
  const server: Server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      agent.calls.push({ at: clock.now(), method: request.method ?? '', body });
      if (request.url !== '/api/f00/task-protection/v1/state') return answer(response, 404, {});
      if (agent.mode !== 'works') return misbehave(agent.mode, response);
      if (request.method === 'PUT') {
        const asked = readRequest(body);
        if (!asked)
          return answer(response, 400, { error: { Code: 'InvalidParameterException', Message: text } });
        const { ProtectionEnabled: enabled, ExpiresInMinutes: minutes = 120 } = asked;
        protectedUntil = enabled ? clock.now() + minutes * 60_000 : Number.NEGATIVE_INFINITY;
      }
      const ExpirationDate = isProtected() ? new Date(protectedUntil).toISOString() : null;
      answer(response, 200, {
        protection: { ExpirationDate, ProtectionEnabled: isProtected(), TaskArn: TASK },
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent: EcsAgent = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/f00`,
    mode: 'works',
    calls: [],
    get isProtected() {
      return isProtected();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return agent;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** The agent refuses unknown fields, and what is out of range. */
function readRequest(body: unknown): { ProtectionEnabled: boolean; ExpiresInMinutes?: number } | undefined {
  const { ProtectionEnabled, ExpiresInMinutes, ...rest } = body as Record<string, unknown>;
  if (typeof ProtectionEnabled !== 'boolean' || Object.keys(rest).length > 0) return undefined;
  if (ExpiresInMinutes === undefined) return { ProtectionEnabled };
  const minutes = Number(ExpiresInMinutes);
  const inRange = Number.isInteger(ExpiresInMinutes) && minutes >= 1 && minutes <= 2_880;
  return inRange ? { ProtectionEnabled, ExpiresInMinutes: minutes } : undefined;
}

const answer = (response: ServerResponse, status: number, json: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));

const errorOf = (Code: string, Message: string): object => ({
  requestID: '12345-abc-6789-0123-abc',
  error: { Arn: TASK, Code, Message },
});

function misbehave(mode: Exclude<AgentMode, 'works'>, response: ServerResponse): void {
  switch (mode) {
    case 'hangs':
      return;
    case 'hangs up':
      return void response.socket?.destroy();
    case 'denies':
      return answer(
        response,
        400,
        errorOf('AccessDeniedException', 'not authorized: ecs:UpdateTaskProtection'),
      );
    case 'throttles':
      return answer(response, 400, errorOf('ThrottlingException', 'Rate exceeded'));
    case 'fails':
      return answer(response, 200, { failure: { Arn: TASK, Detail: null, Reason: 'TASK_NOT_VALID' } });
    case 'cannot reach ECS':
      return answer(response, 504, {
        error: {
          Arn: TASK,
          Code: 'RequestCanceled',
          Message: 'Timed out calling Amazon ECS Task Protection API',
        },
      });
    case 'lies':
      return answer(response, 200, {
        protection: { ExpirationDate: null, ProtectionEnabled: false, TaskArn: TASK },
      });
    case 'babbles':
      return void response.writeHead(200).end('<html>a portal</html>');
    case 'never ends': {
      const more = (): void => {
        if (response.write('x'.repeat(65_536)) && !response.destroyed) setImmediate(more);
      };
      response.on('drain', more);
      return more();
    }
  }
}
