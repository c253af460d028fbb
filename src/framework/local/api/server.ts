import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { OWN_OPERATIONS } from '../../base/local-protocol.js';
import type { Logger } from '../../base/log/log.js';
import { type FaultHook, injectFault } from './injected-faults.js';
import { type BodyRefusal, parseBody } from './request-body.js';
import type { Call, RequestHandler, Service } from './operation.js';
import { Reply } from './reply.js';
import { CORAL, errors, ServiceError } from '../engine/service-error.js';
import { type Body, Checker } from './request-validation.js';

interface ServerOptions extends Service {
  /** Handle the requests that Step Functions doesn't have: `GET /health`, and those of the console. */
  readonly handlers: readonly RequestHandler[];
  readonly fault: FaultHook | undefined;
  readonly closedPollWindowMs: number;
}

const TARGET = 'AWSStepFunctions.';
const SIGNED_REGION = /Credential=[^/]+\/\d{8}\/([^/]+)\/states\//;
const UNSIGNED_REGION = 'us-east-1';
const FORBIDDEN =
  'The local service answers to its own names only: start it with the name in Host and Origin allowed';

/** The most milliseconds in which a request has to arrive, and the most open connections. */
const BODY_MS = 60_000;
const CONNECTIONS = 10_000;
/** The most requests on one connection that have no answer yet. No SDK sends a second one. */
const PIPELINED = 32;
const unanswered = new WeakMap<Socket, number>();

/** Counts the requests of a connection that have no answer yet. Returns true if these are too many. */
function isTooMuch({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const open = (unanswered.get(socket) ?? 0) + 1;
  if (open > PIPELINED) return true;
  unanswered.set(socket, open);
  // Each of them listens for the end of the connection.
  if (open === 2) socket.setMaxListeners(4 * PIPELINED);
  // Node closes only the response that has the socket with it, and not those that wait for an earlier one.
  const close = (): unknown => response.socket ?? response.emit('close');
  socket.once('close', close);
  response.once('close', () => {
    socket.off('close', close);
    unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1);
  });
  return false;
}

/**
 * Creates an HTTP server that speaks AWS JSON 1.0: the requests are `POST /`, with the operation's name in the header
 * `x-amz-target`.
 */
export function createApiServer(options: ServerOptions): Server {
  const counts = new Map<string, number>();
  const count = (operation: string): number => {
    const before = counts.get(operation) ?? 0;
    if (options.operations.has(operation)) counts.set(operation, before + 1);
    return before;
  };
  const warn = ignoredParameters(options.log);
  const server = createServer((request, response) => {
    if (isTooMuch(request, response)) {
      request.socket.destroy();
      return;
    }
    const handler = options.handlers.find((each) => each.isFor(request));
    const exchange = new Exchange(options, warn, request, response);
    const answered = handler ? handler.answer(request, response) : exchange.run(count);
    answered.catch((error: unknown) => {
      if (!request.complete) return;
      options.log.error({ err: error }, 'the local service failed to answer a request');
      exchange.fail();
    });
  });
  // If the server closed an idle connection while a client sends its next request, it would look like a lost answer.
  server.keepAliveTimeout = 0;
  server.requestTimeout = BODY_MS;
  server.maxConnections = CONNECTIONS;
  return server;
}

/** The most warnings of one service, and the most characters of a parameter in one. */
const MOST = 100;
const SHOWN = 200;

/** Warns of parameters that an operation doesn't know. */
type Warn = (operation: string, paths: readonly string[]) => void;

/** Returns a function that warns once of each parameter. */
function ignoredParameters(log: Logger): Warn {
  const told = new Set<string>();
  return (operation, paths) => {
    for (const path of paths) {
      const parameter = path.slice(0, SHOWN);
      const text = `${operation} has no parameter '${parameter}': it is ignored, as at AWS`;
      if (told.size >= MOST || told.has(text)) continue;
      told.add(text);
      log.warn({ operation, parameter }, text);
    }
  };
}

const isOwn = (target: string | string[] | undefined): target is string =>
  typeof target === 'string' && OWN_OPERATIONS.includes(target);

/** One HTTP request to the API, and the response to it. */
class Exchange {
  readonly #reply: Reply;

  constructor(
    private readonly options: ServerOptions,
    private readonly warn: Warn,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    this.#reply = new Reply(request, response);
  }

  async run(count: (operation: string) => number): Promise<void> {
    const text = await this.options.bodies.read(this.request, this.response);
    if (typeof text !== 'string') return this.#refuseBody(text.refused);
    if (this.request.method !== 'POST')
      return this.#refuse(404, 'UnknownOperationException', 'Step Functions takes POST requests to /');
    if (!this.options.isAllowed(this.request)) return this.#refuse(403, 'AccessDeniedException', FORBIDDEN);
    const target = this.request.headers['x-amz-target'];
    const name = isOwn(target) ? target : operationIn(target);
    const body = parseBody(text);
    const { fault: hook, closedPollWindowMs, stepFunctions } = this.options;
    const fault = hook && (await hook({ operation: name, body, index: count(name) }));
    if (!fault) return this.#reply.send(await this.#perform(name, body, closedPollWindowMs));
    const perform = (windowMs = closedPollWindowMs): Promise<object> => this.#perform(name, body, windowMs);
    await injectFault(fault, this.#reply, perform, stepFunctions.clock);
  }

  /**
   * Responds with status 500 because the local service itself has failed. If part of a response was already sent,
   * resets the connection instead.
   */
  fail(): void {
    if (this.response.headersSent) return this.#reply.abort();
    this.#refuse(500, 'InternalFailure', 'The local service failed; its log says why');
  }

  /** Runs an operation. Returns its result or, if it throws a ServiceError, that error. */
  async #perform(name: string, body: Body | undefined, closedWindowMs: number): Promise<object> {
    const operation = this.options.operations.get(name);
    if (!operation) return unknownOperation(name);
    if (!body) return errors.serialization('The body is not a JSON object');
    const checker = new Checker(body);
    try {
      const call: Call = {
        operation: name,
        checker,
        region: signedRegion(this.request),
        closedWindowMs,
        onClosed: (callback) => this.#reply.onClosed(callback),
      };
      return await operation(call, this.options.stepFunctions);
    } catch (error) {
      if (error instanceof ServiceError) return error;
      throw error;
    } finally {
      this.warn(name, checker.ignored);
    }
  }

  #refuseBody(refused: BodyRefusal): void {
    if (refused === 'tooLarge')
      return this.#refuse(413, 'RequestEntityTooLargeException', 'The request is too large');
    this.#refuse(503, 'ServiceUnavailableException', 'Too many requests are being sent: send it again');
    this.response.once('finish', () => this.request.destroy());
  }

  #refuse(status: number, type: string, message: string): void {
    this.#reply.answer(status, new ServiceError(type, message, CORAL).body);
  }
}

const operationIn = (target: unknown): string =>
  typeof target === 'string' && target.startsWith(TARGET) ? target.slice(TARGET.length) : '';

function unknownOperation(name: string): ServiceError {
  return name === ''
    ? new ServiceError('UnknownOperationException', 'The request names no operation', CORAL)
    : errors.unsupported(`the operation ${name}`);
}

function signedRegion(request: IncomingMessage): string {
  const [, region] = SIGNED_REGION.exec(request.headers.authorization ?? '') ?? [];
  return region ?? UNSIGNED_REGION;
}
