import { randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../base/log/log.js';
import type { Names } from '../api/host-check.js';
import type { Operation } from '../api/operation.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { parseBody, readBody } from '../api/request-body.js';
import type { RequestHandler } from '../api/server.js';
import { ServiceError } from '../engine/service-error.js';
import type { CommandName } from './api.js';
import { builtPage, readPageFile } from './page-files.js';
import { answerQuery, isQuery } from './queries.js';
import { refuseRequest, refuseWrite, safetyHeaders, type Refusal } from './safety.js';
import { readPosition, streamTopic } from './stream.js';
import { takeTask } from './take-task.js';
import { checkDefinition } from './check-definition.js';
import { openTopic } from './topics/topics.js';
import type { WorkerSource } from './topics/worker-list.js';

export interface ConsoleOptions {
  /** The workers to show. @default none */
  readonly workers?: WorkerSource;
  /** An input that an activity would take, as JSON; undefined where none can be made up. @default none can */
  readonly exampleFor?: (activityArn: string) => string | undefined;
}

/** What the console is made of. */
interface Parts extends ConsoleOptions {
  readonly names: Names;
  readonly stepFunctions: StepFunctions;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly bodyLimitBytes: number;
  readonly log: Logger;
  /** Where the built page lies. */
  readonly page?: string;
}

/** The operations of the API that the page may call. All of it is checked as there. */
const WRITES: readonly CommandName[] = [
  'CreateActivity',
  'CreateStateMachine',
  'StartExecution',
  'StopExecution',
  'SendTaskSuccess',
  'SendTaskFailure',
  'SendTaskHeartbeat',
];

/** How many tabs are told of changes at once. */
const STREAM_LIMIT = 64;

const NOT_BUILT = 'The console is not built. In a checkout of Stepwright: npm run build\n';

/** Returns the handler of the page at `/`, and of everything below `/console/`. */
export function createConsole(parts: Parts): RequestHandler {
  const { stepFunctions, names, log, workers = () => [], exampleFor = () => undefined } = parts;
  const folder = parts.page ?? builtPage();
  const writes = new Map<string, Operation>([
    ['TakeTask', takeTask],
    ['CheckDefinition', checkDefinition],
  ]);
  for (const name of WRITES) {
    const operation = parts.operations.get(name);
    if (operation) writes.set(name, operation);
  }
  const born = randomInt(2 ** 40);
  let streams = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://console');
    const nonce = randomBytes(16).toString('base64url');
    for (const [name, value] of Object.entries(safetyHeaders(nonce))) response.setHeader(name, value);
    const refusal = refuseRequest(request, names);
    if (refusal) return sendRefusal(response, refusal);
    if (request.method === 'POST') return write(request, response, pathname);
    if (request.method !== 'GET') return sendError(response, 405, 'Only GET and POST are answered here');
    if (pathname === '/console/api/stream') return stream(request, response, searchParams);
    if (pathname.startsWith('/console/api/')) return ask(response, pathname.slice(13), searchParams);
    return servePage(response, pathname, nonce);
  }

  async function servePage(response: ServerResponse, pathname: string, nonce: string): Promise<void> {
    const isIndex = pathname === '/';
    const file = await readPageFile(folder, isIndex ? 'index.html' : pathname.slice('/console/'.length));
    if (!file)
      return isIndex ? send(response, 503, NOT_BUILT, 'text/plain') : sendError(response, 404, 'Not found');
    if (!isIndex) {
      // The name of each has a fingerprint of what is in it.
      response.setHeader('cache-control', 'max-age=31536000, immutable');
      return send(response, 200, file.body, file.type);
    }
    return send(response, 200, file.body.toString().replaceAll('NONCE', nonce), file.type);
  }

  async function ask(response: ServerResponse, name: string, query: URLSearchParams): Promise<void> {
    if (!isQuery(name)) return sendError(response, 404, `Nothing answers '${name}'`);
    return attempt(response, () => answerQuery(name, query, { stepFunctions, exampleFor }));
  }

  async function stream(
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
  ): Promise<void> {
    if (streams >= STREAM_LIMIT) return sendError(response, 503, 'Too many tabs are open');
    const last = request.headers['last-event-id'] ?? query.get('seen') ?? undefined;
    return attempt(response, () => {
      const wanted = { topic: query.get('topic') ?? '', arn: query.get('arn') ?? undefined };
      const topic = openTopic(wanted, stepFunctions, workers);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams++;
      response.on('close', () => streams--);
      streamTopic(response, topic, readPosition(typeof last === 'string' ? last : undefined, born), {
        clock: stepFunctions.clock,
        log,
        born,
      });
      return undefined;
    });
  }

  async function write(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const refusal = refuseWrite(request, names);
    if (refusal) return sendRefusal(response, refusal);
    const text = await readBody(request, parts.bodyLimitBytes);
    if (text === undefined) return sendError(response, 413, 'The request is too large');
    const operation = writes.get(pathname.replace('/console/api/', ''));
    if (!operation) return sendError(response, 404, `The console does not do '${pathname}'`);
    const body = parseBody(text);
    if (!body) return sendError(response, 400, 'The body is not a JSON object');
    return attempt(response, () => operation(callOf(pathname, body, request), stepFunctions));
  }

  return {
    isFor: ({ url = '/', method }) => /^\/console(\/|\?|$)/.test(url) || (isPage(url) && isRead(method)),
    answer,
  };
}

const isPage = (url: string): boolean => url === '/' || url.startsWith('/?');
const isRead = (method: string | undefined): boolean => method === 'GET' || method === 'HEAD';

function callOf(
  operation: string,
  body: Parameters<Operation>[0]['body'],
  request: IncomingMessage,
): Parameters<Operation>[0] {
  const region = request.headers['x-stepwright-region'];
  return {
    operation,
    body,
    region: typeof region === 'string' && /^[a-z0-9-]{1,32}$/.test(region) ? region : 'us-east-1',
    closedWindowMs: 0,
    onClosed: () => {},
  };
}

/** Sends what was done, or the error of the service that it threw. */
async function attempt(
  response: ServerResponse,
  act: () => object | undefined | Promise<object>,
): Promise<void> {
  try {
    const result = await act();
    if (result !== undefined) sendJson(response, result);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    sendError(response, 400, error.message, error.type);
  }
}

function sendJson(response: ServerResponse, value: object): void {
  send(response, 200, JSON.stringify(value), 'application/json');
}

const sendRefusal = (response: ServerResponse, { status, reason }: Refusal): void =>
  sendError(response, status, reason);

function sendError(response: ServerResponse, status: number, message: string, name = 'Refused'): void {
  send(response, status, JSON.stringify({ error: name, message }), 'application/json');
}

function send(response: ServerResponse, status: number, body: string | Buffer, type: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
