import { Console } from 'node:console';
import { systemClock } from '../base/time/clock.js';
import type { Flags } from '../config/sources.js';
import { readJson } from '../asl/values/json.js';
import {
  answerMessage,
  CODES,
  errorResponse,
  type Message,
  readMessage,
  type Response,
  type ToolServer,
} from '../local/mcp/protocol.js';
import { failed, type ToolResult } from '../local/mcp/tool.js';
import { projectTools } from '../local/mcp/project-tools.js';
import { tools } from '../local/mcp/mcp-endpoint.js';
import { formatErrorOf } from './output/format-error.js';
import { writeIfRead } from './output/stdio.js';
import { projectCheck } from './project/project-check.js';
import { SERVICE_HEADER } from '../base/local-protocol.js';
import { showEndpoint } from '../aws/endpoint.js';
import { parseJson } from '../base/json.js';
import { type LocalAddress, post } from './local/own-operation.js';
import { command } from './output/banner.js';
import { readEndpoint } from './project/config-file.js';

/** The most characters of a message, as in a request to the local service. */
const MESSAGE_LIMIT = 4 * 1024 * 1024;
/** The most calls in progress. */
const CALL_LIMIT = 64;
/** The milliseconds for which calls in progress may go on after the end of standard input. */
const LAST_CALLS_MS = 1_000;

/**
 * Serves the tools of the local service on standard input and output, one message a line, until the input ends.
 * @param projectFlags the flags that say where the files of the project are
 * @returns the exit code
 */
export async function mcp(flags: Flags, projectFlags: readonly string[]): Promise<number> {
  // Standard output is for messages alone, and the config may be a user's code that prints.
  globalThis.console = new Console(process.stderr);
  const session = new StdioSession({
    tools: tools.map(({ listing }) => listing),
    callTool: toolsFor(flags, projectCheck(projectFlags)),
  });
  for await (const line of linesOf(process.stdin, MESSAGE_LIMIT)) session.read(line);
  await Promise.race([session.settled(), systemClock.sleep(LAST_CALLS_MS)]);
  return 0;
}

/** Returns a function that calls a tool: here if it needs no service, and otherwise that of the local service. */
function toolsFor(flags: Flags, checkProject: () => Promise<string>): ToolServer['callTool'] {
  return async (name, given, signal) => {
    const own = projectTools.find(({ listing }) => listing.name === name);
    try {
      return await (own ? own.run(given, { checkProject }) : callService(flags, name, given, signal));
    } catch (error) {
      return failed(formatErrorOf('mcp', error));
    }
  };
}

/** The messages of one client, and the calls that they have begun. */
class StdioSession {
  readonly #calls = new Map<string | number, AbortController>();
  readonly #answers = new Set<Promise<void>>();

  constructor(private readonly server: ToolServer) {}

  /** Reads a line, and answers it once the answer is there. @param line undefined if it was too long */
  read(line: string | undefined): void {
    if (line === undefined)
      return this.#write(errorResponse(undefined, CODES.invalidRequest, 'The message is too large'));
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = readJson(line);
    } catch {
      return this.#write(errorResponse(undefined, CODES.notJson, 'The message is not JSON'));
    }
    const message = readMessage(value);
    if (!message) return;
    if (!('method' in message)) return this.#write(message);
    if (message.method === 'notifications/cancelled') return this.#cancel(message);
    const answer = this.#answer(message).finally(() => this.#answers.delete(answer));
    this.#answers.add(answer);
  }

  /** Resolves when all calls in progress are answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#answers);
  }

  #cancel({ params: { requestId } }: Message): void {
    if (typeof requestId === 'string' || typeof requestId === 'number') this.#calls.get(requestId)?.abort();
  }

  async #answer(message: Message): Promise<void> {
    const { id } = message;
    if (id === undefined) return;
    const server = this.#calls.size < CALL_LIMIT ? this.server : { ...this.server, callTool: tooMany };
    const call = new AbortController();
    this.#calls.set(id, call);
    const response = await answerMessage(message, server, call.signal);
    if (this.#calls.get(id) === call) this.#calls.delete(id);
    if (response && !call.signal.aborted) this.#write(response);
  }

  #write(response: Response): void {
    void writeIfRead(`${JSON.stringify(response)}\n`);
  }
}

const tooMany = async (): Promise<ToolResult> => failed('too many calls are in progress: try again');

const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * Calls a tool of the local service.
 * @throws Error if there is no local service, or it serves no tools
 */
async function callService(
  flags: Flags,
  name: string,
  given: unknown,
  signal: AbortSignal,
): Promise<ToolResult> {
  const endpoint = await addressOf(flags);
  const params = { name, arguments: given };
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
  const { response, text } = await post(endpoint, '/mcp', JSON_TYPE, message, signal);
  const { jsonrpc, result, error } = Object(parseJson(text)) as {
    readonly jsonrpc?: string;
    readonly result?: ToolResult;
    readonly error?: { readonly message: string };
  };
  if (jsonrpc === '2.0' && result) return result;
  if (jsonrpc === '2.0' && error) throw new Error(error.message);
  const where = showEndpoint(endpoint);
  throw new Error(
    response.headers.has(SERVICE_HEADER)
      ? `the local service at ${where} serves no console, and so no tools: start it with --console`
      : `${where} is not the local service of Stepwright: start one with \`${command('local')}\`, or correct the endpoint`,
  );
}

/** Returns the address of the local service, as `stepwright execute` finds it. @throws Error if it is that of AWS */
async function addressOf(flags: Flags): Promise<LocalAddress> {
  const { endpoint } = await readEndpoint(flags);
  if (endpoint.kind !== 'aws') return endpoint;
  throw new Error(
    'the endpoint is AWS, and the tools are those of the local service: add `--endpoint local` to `stepwright mcp`',
  );
}

/**
 * Splits a stream into its lines.
 * @param most the most characters of a line. If a line is longer, undefined is yielded in its place.
 */
async function* linesOf(
  stream: NodeJS.ReadableStream,
  most: number,
): AsyncGenerator<string | undefined, void, undefined> {
  let line = '';
  let isTooLong = false;
  for await (const chunk of stream.setEncoding('utf8')) {
    for (const [index, part] of String(chunk).split('\n').entries()) {
      if (index > 0) {
        yield isTooLong ? undefined : line;
        [line, isTooLong] = ['', false];
      }
      isTooLong ||= line.length + part.length > most;
      line = isTooLong ? '' : line + part;
    }
  }
  if (isTooLong || line !== '') yield isTooLong ? undefined : line;
}
