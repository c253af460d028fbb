import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Service } from '../api/operation.js';
import { callOperation } from '../api/operations/operations.js';
import { parseJson } from '../../asl/values/json.js';
import type { ConsoleOptions } from '../console/console.js';
import { homeRegion } from '../console/queries.js';
import { refuseRequest } from '../console/safety.js';
import {
  answerMessage,
  CODES,
  errorResponse,
  readMessage,
  type Response,
  type ToolServer,
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
    const answer = await answerMessage(message, this.#server, closeOf(response));
    send(response, answer ? 200 : 202, answer);
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

/** Returns the reason to reject a request that isn't a JSON message, in a known version, of a client that takes JSON. */
function refuseForm({ method, headers }: IncomingMessage): { status: number; reason: string } | undefined {
  if (method !== 'POST') return { status: 405, reason: 'Send each message with POST: there are no streams' };
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return { status: 415, reason: 'A message is JSON: content-type application/json' };
  if (!/application\/(json|\*)|\*\/\*/.test(headers.accept ?? '*/*'))
    return { status: 406, reason: 'The answer is JSON: accept application/json' };
  const { 'mcp-protocol-version': version } = headers;
  if (typeof version === 'string' && !VERSIONS.includes(version))
    return { status: 400, reason: `Unsupported protocol version: there are ${VERSIONS.join(' and ')}` };
  return undefined;
}

/** Returns a signal that aborts when the connection of a response closes before it is sent. */
function closeOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
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
