import type { IncomingMessage, ServerResponse } from 'node:http';
import { show } from '../../base/show.js';
import type { RequestHandler, Service } from '../api/operation.js';
import { callOperation } from '../api/operations/operations.js';
import { parseJson } from '../asl/values/json.js';
import type { ConsoleOptions } from '../console/console.js';
import { homeRegion } from '../console/queries.js';
import { refuseRequest } from '../console/safety.js';
import {
  answerMessage,
  CODES,
  errorResponse,
  type Message,
  readMessage,
  type Response,
  STATELESS,
  type ToolServer,
  unsupported,
  VERSIONS,
} from './protocol.js';
import { failed, type Tool, type ToolResult, Waits } from './tool.js';
import { definitionTools } from './definition-tools.js';
import { executionTools } from './execution-tools.js';
import { machineTools } from './machine-tools.js';
import { projectTools } from './project-tools.js';
import { taskTools } from './task-tools.js';

/** All tools, in the order in which they are listed. */
export const tools: readonly Tool[] = [
  ...machineTools,
  ...definitionTools,
  ...executionTools,
  ...taskTools,
  ...projectTools,
];

/**
 * Serves the tools at `/mcp` by the Model Context Protocol: each message is a POST request, and its answer is one JSON
 * object. There are no sessions and no streams, so that a client leaves nothing behind.
 */
export class McpEndpoint implements RequestHandler {
  readonly #waits: Waits;
  readonly #server: ToolServer;

  constructor(
    private readonly service: Service,
    private readonly options: Pick<ConsoleOptions, 'checkProject' | 'workers'>,
  ) {
    this.#waits = new Waits(service.stepFunctions.clock);
    this.#server = {
      tools: tools.map(({ listing }) => listing),
      callTool: (name, given, signal) => this.#callTool(name, given, signal),
    };
  }

  isFor({ url = '/' }: IncomingMessage): boolean {
    return /^\/mcp(\?|$)/.test(url);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuseRequest(request, this.service.names) ?? refuseForm(request);
    if (refusal) return send(response, refusal.status, invalid(refusal.reason));
    const text = await this.service.bodies.read(request, response);
    if (typeof text !== 'string') {
      if (text.refused === 'tooLarge') return send(response, 413, invalid('The message is too large'));
      return send(response, 503, invalid('Too many requests are being sent: send it again'));
    }
    const value = parseJson(text);
    if (value === undefined)
      return send(response, 400, errorResponse(undefined, CODES.notJson, 'The message is not JSON'));
    const message = readMessage(value);
    if (!message) return send(response, 202);
    if (!('method' in message)) return send(response, 400, message);
    const mismatch = mismatchIn(message, request);
    if (mismatch) return send(response, 400, mismatch);
    const answer = await answerMessage(message, this.#server, closeOf(response));
    send(response, answer ? statusOf(answer, message) : 202, answer);
  }

  async #callTool(name: string, given: unknown, signal: AbortSignal): Promise<ToolResult> {
    const found = tools.find(({ listing }) => listing.name === name);
    if (!found) return failed(`there is no tool ${name}`);
    const { service } = this;
    const { checkProject, workers = () => [] } = this.options;
    const { stepFunctions, log } = service;
    const call = <T>(operation: string, body: object): Promise<T> => this.#run(operation, body, signal);
    try {
      const parts = { stepFunctions, call, waits: this.#waits, checkProject, workers, signal };
      return await found.run(given, parts);
    } catch (error) {
      log.error({ err: error }, `the tool ${name} failed`);
      return failed('the local service failed: its log says why');
    }
  }

  /** Runs an operation of the API, in the region of the resources that there are. */
  async #run<T>(name: string, body: object, signal: AbortSignal): Promise<T> {
    const { stepFunctions } = this.service;
    const onClosed = (closed: () => void): void => signal.addEventListener('abort', closed, { once: true });
    const region = homeRegion(stepFunctions);
    return (await callOperation(stepFunctions, name, { ...body }, { region, onClosed })) as T;
  }
}

const invalid = (reason: string): Response => errorResponse(undefined, CODES.invalidRequest, reason);

/** Returns the reason to reject a request that isn't a JSON message of a client that takes JSON. */
function refuseForm({ method, headers }: IncomingMessage): { status: number; reason: string } | undefined {
  if (method !== 'POST') return { status: 405, reason: 'Send each message with POST: there are no streams' };
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return { status: 415, reason: 'A message is JSON: content-type application/json' };
  if (!/application\/(json|\*)|\*\/\*/.test(headers.accept ?? '*/*'))
    return { status: 406, reason: 'The answer is JSON: accept application/json' };
  return undefined;
}

/** Returns an error if the headers of a request name an unsupported version, or don't match its message. */
function mismatchIn(
  { id, method, params, version }: Message,
  { headers }: IncomingMessage,
): Response | undefined {
  const named = headers['mcp-protocol-version'];
  if (typeof named === 'string' && !VERSIONS.includes(named)) return unsupported(id, named);
  if (version === undefined && named !== STATELESS) return undefined;
  const expected = {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(method === 'tools/call' && { 'mcp-name': params['name'] }),
  };
  for (const [header, value] of Object.entries(expected)) {
    const got = decoded(headers[header]);
    if (got !== value)
      return errorResponse(
        id,
        CODES.headerMismatch,
        `The header ${header} is ${show(got)}, and the message has ${show(value)}`,
      );
  }
  return undefined;
}

/** Returns the value of a header, which may be encoded in Base64. */
function decoded(header: string | string[] | undefined): string | undefined {
  const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(String(header)) ?? [];
  return encoded === undefined ? header?.toString() : Buffer.from(encoded, 'base64').toString();
}

/** Returns a signal that aborts when the connection of a response closes before it is sent. */
function closeOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Returns the HTTP status of an answer. Only the version without a handshake gives errors a status of their own. */
function statusOf({ error }: Response, { version }: Message): number {
  if (!error || version === undefined) return 200;
  return error.code === CODES.noMethod ? 404 : 400;
}

function send(response: ServerResponse, status: number, body?: Response): void {
  const text = body ? JSON.stringify(body) : '';
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
    ...(body && { 'content-type': 'application/json' }),
    ...(status === 405 && { allow: 'POST' }),
  });
  response.end(text);
}
