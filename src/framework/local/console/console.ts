import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call, Operation, RequestHandler, Service } from '../api/operation.js';
import { type Body, Checker } from '../api/request-validation.js';
import { parseBody } from '../api/request-body.js';
import { ServiceError } from '../engine/service-error.js';
import { builtPage, readPageFile } from './page-files.js';
import { answerQuery, type HandlerInputs, homeRegion, isQuery } from './queries.js';
import { refuseRequest, refuseWrite, safetyHeaders, type Refusal } from './safety.js';
import { Streams } from './streams.js';
import { checkDefinition, takeTask } from './commands.js';
import type { WorkerSource } from './topics/workers.js';

export interface ConsoleOptions extends HandlerInputs {
  /** Returns the workers to show on the page. @default none */
  readonly workers?: WorkerSource;
  /**
   * Compares the classes of the project with its state machines, and returns the findings as text. It is called by the
   * tool `check_project` of `/mcp`. @default there is no project
   */
  readonly checkProject?: () => Promise<string>;
}

const API_PATH = '/console/api/';
const NOT_BUILT = 'The console is not built. In a checkout of Stepwright: npm run build\n';

/** Serves the console's page at `/`, and what the page requests below `/console/`: queries, topics and commands. */
export class Console implements RequestHandler {
  readonly #commands: ReadonlyMap<string, Operation>;
  readonly #streams: Streams;
  readonly #folder = builtPage();

  constructor(
    private readonly service: Service,
    private readonly options: ConsoleOptions,
  ) {
    const { stepFunctions, operations, log } = service;
    this.#streams = new Streams(stepFunctions, options.workers ?? (() => []), log);
    this.#commands = new Map<string, Operation>([
      ...operations,
      ['TakeTask', (call, each) => takeTask(call, each)],
      ['CheckDefinition', checkDefinition],
      ['Follow', (call) => this.#streams.follow(call)],
    ]);
  }

  isFor({ url = '/', method }: IncomingMessage): boolean {
    return /^\/console(\/|\?|$)/.test(url) || (isPage(url) && isRead(method));
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://console');
    const nonce = randomBytes(16).toString('base64url');
    for (const [name, value] of Object.entries(safetyHeaders(nonce))) response.setHeader(name, value);
    const refusal = refuseRequest(request, this.service.names);
    if (refusal) return sendRefusal(response, refusal);
    if (request.method === 'POST') return this.#runCommand(request, response, pathname);
    if (request.method !== 'GET') return sendError(response, 405, 'Only GET and POST are answered here');
    if (!pathname.startsWith(API_PATH)) return this.#sendPage(response, pathname, nonce);
    const name = pathname.slice(API_PATH.length);
    if (name === 'stream')
      return attempt(response, () => this.#streams.open(response, searchParams.get('key') ?? ''));
    return this.#answerQuery(response, name, searchParams);
  }

  async #sendPage(response: ServerResponse, pathname: string, nonce: string): Promise<void> {
    if (pathname === '/') return this.#sendIndex(response, nonce);
    const file = await readPageFile(this.#folder, pathname.slice('/console/'.length));
    if (!file) return sendError(response, 404, 'Not found');
    // Each file's name contains a hash of its content, so the file never changes.
    response.setHeader('cache-control', 'max-age=31536000, immutable');
    return send(response, 200, file.body, file.type);
  }

  async #sendIndex(response: ServerResponse, nonce: string): Promise<void> {
    const file = await readPageFile(this.#folder, 'index.html');
    if (!file) return send(response, 503, NOT_BUILT, 'text/plain');
    return send(response, 200, file.body.toString().replaceAll('NONCE', nonce), file.type);
  }

  async #answerQuery(response: ServerResponse, name: string, query: URLSearchParams): Promise<void> {
    if (!isQuery(name)) return sendError(response, 404, `Nothing answers '${name}'`);
    return attempt(response, () => answerQuery(name, query, this.service.stepFunctions, this.options));
  }

  async #runCommand(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const { names, bodies, stepFunctions } = this.service;
    const refusal = refuseWrite(request, names);
    if (refusal) return sendRefusal(response, refusal);
    const text = await bodies.read(request, response);
    if (typeof text !== 'string') {
      if (text.refused === 'tooLarge') return sendError(response, 413, 'The request is too large');
      return sendError(response, 503, 'Too many requests are being sent: send it again');
    }
    const command = this.#commands.get(pathname.replace(API_PATH, ''));
    if (!command) return sendError(response, 404, `The console does not do '${pathname}'`);
    const body = parseBody(text);
    if (!body) return sendError(response, 400, 'The body is not a JSON object');
    return attempt(response, () => command(this.#callOf(pathname, body, response), stepFunctions));
  }

  /** Returns a call in the region of the resources that there are. */
  #callOf(operation: string, body: Body, response: ServerResponse): Call {
    return {
      operation,
      checker: new Checker(body),
      region: homeRegion(this.service.stepFunctions),
      closedWindowMs: 0,
      onClosed: (callback) =>
        response.closed ? callback() : response.once('close', () => response.writableFinished || callback()),
    };
  }
}

const isPage = (url: string): boolean => url === '/' || url.startsWith('/?');
const isRead = (method: string | undefined): boolean => method === 'GET' || method === 'HEAD';

/** Responds with the result of `act`. If `act` throws a ServiceError, responds with that error. */
async function attempt(response: ServerResponse, act: () => object | void | Promise<object>): Promise<void> {
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
